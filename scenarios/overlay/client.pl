# A client of the service `server` on an overlay network: asks it time and again under its name, each time anew,
# and prints every outcome with its number. Without modules: the image has none.
#
# An answer counts from the first on: a container that has just started hears of the others a moment later. When
# it is told to stop it ends; the request that this cuts is not counted.

my ($count, $stop) = (0, 0);
$SIG{TERM} = $SIG{INT} = sub { $stop = 1 };
$SIG{ALRM} = sub { die "no answer within 2 s\n" };
$SIG{PIPE} = 'IGNORE';
$| = 1;

# AF_INET and SOCK_DGRAM with UDP, or SOCK_STREAM with TCP. The same numbers on amd64 and arm64.
sub opened {
  my ($type, $protocol, $address, $port) = @_;
  socket(my $socket, 2, $type, $protocol) or die "socket: $!\n";
  connect($socket, pack('S n C4 x8', 2, $port, split /\./, $address)) or die "connect: $!\n";
  return $socket;
}

# One of the addresses that the Engine's own name server has for it.
sub address_of {
  my ($name) = @_;
  my $server = opened(2, 17, '127.0.0.11', 53);
  syswrite($server, pack('n6 C/a* C n n', 1, 0x100, 1, 0, 0, 0, $name, 0, 1, 1)) or die "name: $!\n";
  sysread($server, my $reply, 4096) or die "name: $!\n";
  my (undef, $flags, undef, $answers) = unpack 'n4', $reply;
  my $at = 12 + length($name) + 2 + 4;
  my @addresses;
  for (1 .. $answers) {
    for (;;) {
      my $length = ord substr($reply, $at, 1);
      $at += $length >= 192 ? 2 : $length + 1;
      last if $length == 0 || $length >= 192;
    }
    my ($type, undef, undef, $length) = unpack 'n n N n', substr($reply, $at, 10);
    push @addresses, join('.', unpack 'C4', substr($reply, $at + 10, 4)) if $type == 1;
    $at += 10 + $length;
  }
  die 'name: not known (code ' . ($flags & 15) . ")\n" unless @addresses;
  return $addresses[rand @addresses];
}

# Which node an address was last seen to be on.
my %nodes;

until ($stop) {
  my $address = '';
  eval {
    alarm 2;
    $address = address_of('server');
    my $server = opened(1, 6, $address, 8080);
    syswrite($server, "GET / HTTP/1.0\r\n\r\n") or die "write: $!\n";
    sysread($server, my $answer, 4096) or die "read: $!\n";
    $answer =~ m{^HTTP/1\.\d 200 .*\r\n\r\n(\S+)}s or die "answer: $answer\n";
    $nodes{$address} = $1;
    alarm 0;
    1;
  };
  my $why = $@;
  alarm 0;
  last if $stop && $why;
  if (!$why) {
    $count += 1;
    print "ok $count\n";
  } elsif ($count > 0) {
    $count += 1;
    $why =~ s/\s+/ /g;
    my $node = $nodes{$address} // 'not seen before';
    print "Connectivity error: $count from $ENV{NODE} to $address ($node): $why\n";
  }
  select(undef, undef, undef, $ENV{INTERVAL});
}
