# The web service of the demo, the scenarios and the lab's tests: answers every request with the name of
# its node, or, as `serve.pl echo PORT`, sends back whatever comes.
#
# One process without modules (the image has none, not even `strict`), and no fork per connection: a fork
# waits for every process of this computer that changes its control group, and all machines of a lab share
# one kernel. With a server that forks, an engine that is being installed on one machine delays the answers
# of another by up to 0.1 s.

my ($mode, $port) = @ARGV ? @ARGV : ('http', 8080);
my $node = $ENV{NODE} // die "the service must pass NODE\n" if $mode eq 'http';
my $answer = $mode eq 'http'
  ? "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " . (length($node) + 1)
    . "\r\nConnection: close\r\n\r\n$node\n"
  : undef;

# PID 1 ignores signals that it has no handler for: a drain must not wait for the stop grace period.
$SIG{TERM} = $SIG{INT} = sub { exit 0 };
$SIG{PIPE} = 'IGNORE';

# AF_INET, SOCK_STREAM, TCP; SOL_SOCKET, SO_REUSEADDR; INADDR_ANY. The same numbers on amd64 and arm64.
socket(my $listener, 2, 1, 6) or die "socket: $!\n";
setsockopt($listener, 1, 2, pack('i', 1)) or die "setsockopt: $!\n";
bind($listener, pack('S n N x8', 2, $port, 0)) or die "bind: $!\n";
listen($listener, 4096) or die "listen: $!\n";

my %clients;
my $watched = '';
vec($watched, fileno($listener), 1) = 1;
for (;;) {
  next if select(my $ready = $watched, undef, undef, undef) < 1;
  for my $number (keys %clients) {
    next unless vec($ready, $number, 1);
    my $client = $clients{$number};
    my $count = sysread($client, my $bytes, 4096);
    syswrite($client, $answer // $bytes) if $count;
    next if $count && !defined $answer;
    vec($watched, $number, 1) = 0;
    delete $clients{$number};
    close($client);
  }
  if (vec($ready, fileno($listener), 1) && accept(my $client, $listener)) {
    $clients{ fileno($client) } = $client;
    vec($watched, fileno($client), 1) = 1;
  }
}
