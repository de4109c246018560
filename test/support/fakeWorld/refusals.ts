import { SwarmError } from '../../../core/errors';
import { DockerApiError } from '../../../effects/docker';

/** A failure that comes only after some fake time, as a call that nobody answers does. */
export class Delayed extends Error {
  constructor(
    readonly afterMs: number,
    readonly error: Error,
  ) {
    super(error.message);
  }
}

type RpcCode = 'FailedPrecondition' | 'InvalidArgument' | 'NotFound' | 'Unavailable' | 'Unknown';

/** HTTP status of an error that comes from the leader, as moby's httpstatus maps it. */
const statusOfRpc: Readonly<Record<RpcCode, number>> = {
  FailedPrecondition: 400,
  InvalidArgument: 400,
  NotFound: 404,
  Unavailable: 503,
  Unknown: 500,
};

export function rpcError(code: RpcCode, description: string): DockerApiError {
  return new DockerApiError(statusOfRpc[code], `rpc error: code = ${code} desc = ${description}`);
}

export const noLeaderSentence =
  "The swarm does not have a leader. It's possible that too few managers are online. Make sure more than half of the managers are online.";

export const lockedSentence =
  'Swarm is encrypted and needs to be unlocked before it can be used. Please use "docker swarm unlock" to unlock it.';

/** What a manager that ends says to whoever asks for the swarm. */
export const endingSentence =
  'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial unix /var/run/docker/swarm/control.sock: connect: no such file or directory"';

export const refusals = {
  ending: () => new DockerApiError(503, endingSentence),
  notInSwarm: () => new DockerApiError(503, 'This node is not part of a swarm'),
  alreadyInSwarm: () =>
    new DockerApiError(
      503,
      'This node is already part of a swarm. Use "docker swarm leave" to leave this swarm and join another one.',
    ),
  notManagerOutside: () =>
    new DockerApiError(
      503,
      'This node is not a swarm manager. Use "docker swarm init" or "docker swarm join" to connect this node to swarm and try again.',
    ),
  notManagerWorker: () =>
    new DockerApiError(
      503,
      "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. Please run this command on a manager node or promote the current node to a manager.",
    ),
  joinTimeout: () =>
    new DockerApiError(
      503,
      'Timeout was reached before node joined. The attempt to join the swarm will continue in the background. Use the "docker info" command to see the current swarm status of your node.',
    ),
  joinRefused: (remote: string) =>
    rpcError(
      'Unavailable',
      `connection error: desc = "transport: Error while dialing dial tcp ${remote}: connect: connection refused"`,
    ),
  joinAlpn: () =>
    rpcError(
      'Unavailable',
      'connection error: desc = "transport: authentication handshake failed: credentials: cannot check peer: missing selected ALPN property. If you upgraded from a grpc-go version earlier than 1.67, your TLS connections may have stopped working due to ALPN enforcement. For more details, see: https://github.com/grpc/grpc-go/issues/434"',
    ),
  invalidToken: () =>
    rpcError('InvalidArgument', 'A valid join token is necessary to join this cluster'),
  malformedToken: () => new DockerApiError(500, 'invalid join token'),
  /** The adapter's own: the engine is not asked. */
  notAManager: (host: string) =>
    new SwarmError(
      'NotAManager',
      `${host}: it is no manager by its own word; nothing was asked of it; only a manager can carry a swarm on alone`,
      { source: 'world' },
    ),
  /** The adapter's own, too. */
  autolocked: (host: string) =>
    new SwarmError(
      'ManagerAutolocked',
      `${host}: its raft state is encrypted (autolock), and the Engine cannot make such a manager the only one; nothing was asked of it; bring a majority back`,
      { source: 'world' },
    ),
  lastManager: () =>
    rpcError('FailedPrecondition', 'attempting to demote the last manager of the swarm'),
  quorumLoss: () =>
    rpcError(
      'FailedPrecondition',
      "can't remove member from the raft: this would result in a loss of quorum",
    ),
  removeMember: (id: string) =>
    rpcError(
      'FailedPrecondition',
      `node ${id} is a cluster manager and is a member of the raft cluster. It must be demoted to worker before removal`,
    ),
  removeReady: (id: string) =>
    rpcError('FailedPrecondition', `node ${id} is not down and can't be removed`),
  noSuchNode: (id: string) => new DockerApiError(404, `node ${id} not found`),
  noSuchService: (id: string) => new DockerApiError(404, `service ${id} not found`),
  noSuchConfig: (id: string) => new DockerApiError(404, `config ${id} not found`),
  noSuch: (kind: 'secret' | 'network', id: string) =>
    new DockerApiError(404, `${kind} ${id} not found`),
  nameTaken: (kind: 'service' | 'config' | 'secret' | 'network', name: string) =>
    new DockerApiError(
      409,
      kind === 'service'
        ? `rpc error: code = AlreadyExists desc = name conflicts with an existing object: service ${name} already exists`
        : kind === 'network'
          ? `network with name ${name} already exists`
          : `rpc error: code = AlreadyExists desc = ${kind} ${name} already exists`,
    ),
  inUse: (kind: 'config' | 'secret', name: string, service: string) =>
    rpcError('InvalidArgument', `${kind} '${name}' is in use by the following service: ${service}`),
  networkInUse: (id: string, user: string) =>
    rpcError('FailedPrecondition', `network ${id} is in use by ${user}`),
  locked: () => new DockerApiError(503, lockedSentence),
  leaveLocked: () =>
    new DockerApiError(
      503,
      'Swarm is encrypted and locked. Please unlock it first or use `--force` to ignore this message.',
    ),
  notLocked: () => new DockerApiError(409, 'swarm is not locked'),
  malformedKey: () => new DockerApiError(400, 'invalid key string'),
  wrongKey: () => new DockerApiError(401, 'swarm could not be unlocked: invalid key provided'),
  outOfSequence: () => rpcError('Unknown', 'update out of sequence'),
} as const;

export function leaveRefusal(left: {
  readonly isLast: boolean;
  /** Reachable managers that would be left of all, when quorum would go. */
  readonly reachable: number | undefined;
  readonly all: number;
}): DockerApiError {
  const start =
    'You are attempting to leave the swarm on a node that is participating as a manager. ';
  if (left.isLast) {
    return new DockerApiError(
      503,
      `${start}Removing the last manager erases all current state of the swarm. Use \`--force\` to ignore this message. `,
    );
  }
  const loss =
    left.reachable === undefined
      ? ''
      : `Removing this node leaves ${String(left.reachable)} managers out of ${String(left.all)}. Without a Raft quorum your swarm will be inaccessible. `;
  return new DockerApiError(
    503,
    `${start}${loss}The only way to restore a swarm that has lost consensus is to reinitialize it with \`--force-new-cluster\`. Use \`--force\` to suppress this message.`,
  );
}
