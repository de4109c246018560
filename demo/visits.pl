# The counter of the application in stacks/visits, without modules: the image has none.
#
# `visits.pl store` keeps the largest number that it was ever told, and answers with it.
# `visits.pl api NAME` counts each request: it asks every store that has this name, and tells all of them the
# next number. A store that is new has it from there, so the count outlives each of them, not all at once.

my ($mode, $name) = @ARGV;
my $port = { store => 8082, api => 8081 }->{ $mode // '' } // die "usage: visits.pl store | api NAME\n";

# PID 1 ignores signals that it has no handler for: a drain must not wait for the stop grace period.
$SIG{TERM} = $SIG{INT} = sub { exit 0 };
$SIG{ALRM} = sub { die "no answer within 1 s\n" };
$SIG{PIPE} = 'IGNORE';

# AF_INET and SOCK_DGRAM with UDP, or SOCK_STREAM with TCP. The same numbers on amd64 and arm64.
sub opened {
  my ($type, $protocol, $address, $at) = @_;
  socket(my $socket, 2, $type, $protocol) or die "socket: $!\n";
  connect($socket, pack('S n C4 x8', 2, $at, split /\./, $address)) or die "connect: $!\n";
  return $socket;
}

# All addresses that the Engine's own name server has for a service.
sub addresses_of {
  my ($service) = @_;
  my $server = opened(2, 17, '127.0.0.11', 53);
  syswrite($server, pack('n6 C/a* C n n', 1, 0x100, 1, 0, 0, 0, $service, 0, 1, 1)) or die "name: $!\n";
  sysread($server, my $reply, 4096) or die "name: $!\n";
  my (undef, undef, undef, $answers) = unpack 'n4', $reply;
  my $at = 12 + length($service) + 2 + 4;
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
  return @addresses;
}

# Tells a store a number; the largest that it knows.
sub told {
  my ($address, $number) = @_;
  my $known = eval {
    alarm 1;
    my $store = opened(1, 6, $address, 8082);
    syswrite($store, "$number\n") or die "write: $!\n";
    sysread($store, my $answer, 64) or die "read: $!\n";
    alarm 0;
    $answer + 0;
  };
  alarm 0;
  return $known;
}

sub counted {
  my @stores = eval { alarm 1; my @found = addresses_of($name); alarm 0; @found };
  alarm 0;
  my @known = grep { defined } map { told($_, 0) } @stores;
  return undef unless @known;
  my $next = (sort { $b <=> $a } @known)[0] + 1;
  return (grep { defined } map { told($_, $next) } @stores) ? $next : undef;
}

socket(my $listener, 2, 1, 6) or die "socket: $!\n";
# SOL_SOCKET, SO_REUSEADDR; INADDR_ANY.
setsockopt($listener, 1, 2, pack('i', 1)) or die "setsockopt: $!\n";
bind($listener, pack('S n N x8', 2, $port, 0)) or die "bind: $!\n";
listen($listener, 4096) or die "listen: $!\n";

my $largest = 0;
for (;;) {
  accept(my $client, $listener) or next;
  eval { alarm 1; sysread($client, my $asked, 4096); alarm 0; $_ = $asked // ''; 1 } or next;
  if ($mode eq 'store') {
    my ($number) = /^(\d+)/;
    $largest = $number if ($number // 0) > $largest;
    syswrite($client, "$largest\n");
    next;
  }
  my $number = counted();
  my ($status, $body) = defined $number ? ('200 OK', "$number\n") : ('503 Service Unavailable', "no store answers\n");
  syswrite($client, "HTTP/1.1 $status\r\nContent-Type: text/plain\r\nContent-Length: " . length($body)
    . "\r\nConnection: close\r\n\r\n$body");
}
