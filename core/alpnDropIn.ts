/** Of an engine that joins by a manager without ALPN. No other file is ours in that folder. */
export const alpnDropInPath = '/etc/systemd/system/docker.service.d/pulumi-swarm-join.conf';

/** What grpc-go's clients read at the start of the daemon (`internal/envconfig`): whom they connect to is checked as before. */
export const alpnDropIn = `# Written by Pulumi for the time of a join, and removed after it.
[Service]
Environment=GRPC_ENFORCE_ALPN_ENABLED=false
`;
