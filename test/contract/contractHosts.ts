import type { Clock } from '../../effects/clock';
import type { DockerApi } from '../../effects/docker';
import type { Host } from '../../effects/effects';
import type { TestLogin } from './serveImage';

/** One machine with a running engine that is in no swarm. */
export interface ContractHost {
  readonly name: string;
  readonly address: string;
  readonly host: Host;
  readonly docker: DockerApi;
  /** Whether what comes to 4789/udp, the data path of overlay networks, is let in. */
  readonly setDataPath: (isOpen: boolean) => Promise<void>;
  /** Most bytes of a packet that its interface takes; 1,500 is what it has. */
  readonly setLargestPacket: (bytes: number) => Promise<void>;
  /** A registry of its own with an image that its engine has, from now on under the reference that is returned only there. */
  readonly serveImage: (image: string, login: TestLogin) => Promise<string>;
  /** On the leader: raft's log is cut, as 10,000 entries do, so that a new member needs the last snapshot. */
  readonly compactLog: () => Promise<void>;
}

/** Three such machines that reach each other, and their time. The engine of `b` is 23.0 or later, the others' are older. */
export interface ContractHosts {
  readonly clock: Clock;
  readonly a: ContractHost;
  readonly b: ContractHost;
  readonly c: ContractHost;
}
