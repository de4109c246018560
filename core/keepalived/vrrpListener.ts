import type { VrrpFile } from './hostFile';

/**
 * Prints every advertisement of VRRP that an interface receives: `4 3 51 200 10.88.0.12 10.88.0.100`, that is
 * IP version, version of VRRP, router ID, priority, source, and the addresses that it tells of. Arguments:
 * interface, whole seconds.
 *
 * Perl, since Debian and Ubuntu have it in their essential packages (perl-base), and neither a
 * packet socket in a shell nor tcpdump. It sends nothing but the joining of VRRP's two groups.
 */
export const vrrpListener: VrrpFile = {
  path: '/etc/keepalived/swarm-listen.pl',
  text: `#!/usr/bin/perl
# Managed by the Pulumi package "swarm". Arguments: interface, seconds. Prints the VRRP advertisements that it hears.
use strict;
use warnings;
use Socket qw(:DEFAULT inet_ntop inet_pton);
my ($name, $seconds) = @ARGV;
socket(my $four, AF_INET, SOCK_DGRAM, 0) or die "socket: $!\\n";
# SIOCGIFINDEX: /sys may show another network than the one that this runs in.
my $request = pack('a16x24', $name);
ioctl($four, 0x8933, $request) or die "$name: $!\\n";
my $index = unpack('x16i', $request);
setsockopt($four, 0, 35, pack('a4a4i', inet_aton('224.0.0.18'), INADDR_ANY, $index)) or die "group: $!\\n";
# A host without IPv6 hears IPv4 all the same.
if (socket(my $six, AF_INET6, SOCK_DGRAM, 0)) {
  setsockopt($six, 41, 20, pack('a16I', inet_pton(AF_INET6, 'ff02::12'), $index));
  our $kept = $six;
}
# AF_PACKET, every protocol, from the header of IP on.
socket(my $all, 17, SOCK_DGRAM, unpack('S', pack('n', 3))) or die "packet socket: $!\\n";
bind($all, pack('SniSCCa8', 17, 3, $index, 0, 0, 0, '')) or die "bind: $!\\n";
$SIG{ALRM} = sub { exit 0 };
$| = 1;
alarm($seconds);
while (1) {
  my $from = recv($all, my $packet, 4096, 0);
  next if !defined $from || length($packet) < 28;
  # What this host sends itself (PACKET_OUTGOING).
  next if unpack('x10C', $from) == 4;
  my $ip = ord($packet) >> 4;
  my ($source, $vrrp, $size);
  if ($ip == 4 && unpack('x9C', $packet) == 112) {
    $source = inet_ntop(AF_INET, substr($packet, 12, 4));
    $vrrp = substr($packet, (ord($packet) & 15) * 4);
    $size = 4;
  } elsif ($ip == 6 && length($packet) >= 48 && unpack('x6C', $packet) == 112) {
    $source = inet_ntop(AF_INET6, substr($packet, 8, 16));
    $vrrp = substr($packet, 40);
    $size = 16;
  } else {
    next;
  }
  next if length($vrrp) < 8;
  my ($kind, $id, $priority, $count) = unpack('C4', $vrrp);
  next if ($kind & 15) != 1 || length($vrrp) < 8 + $count * $size;
  my @told = map { inet_ntop($size == 4 ? AF_INET : AF_INET6, substr($vrrp, 8 + $_ * $size, $size)) } 0 .. $count - 1;
  print join(' ', $ip, $kind >> 4, $id, $priority, $source, @told), "\\n";
}
`,
  mode: 0o700,
};
