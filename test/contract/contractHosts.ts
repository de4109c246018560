import type { Connection } from '../../core/connection';
import type { DockerApi } from '../../effects/docker';
import type { Effects, Host } from '../../effects/effects';
import type { TestLogin } from './serveImage';

/** One machine with a running engine that is in no swarm. */
export interface ContractHost {
  readonly name: string;
  readonly address: string;
  readonly connection: Connection;
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
  /** Of debian:13: its engine is 28.5.2 from now on, and runs. */
  readonly takeNewerEngine: () => Promise<void>;
  /** Exit code and standard error of a plain `docker swarm join`. Real machines: behind `takeNewerEngine`, which brings the command. */
  readonly joinByHand: (
    token: string,
    manager: string,
  ) => Promise<{ readonly code: number; readonly stderr: string }>;
}

/** Three such machines that reach each other, and the world that they are in. The engine of `b` is 23.0 or later, the others' are older. */
export interface ContractHosts {
  readonly effects: Effects;
  readonly a: ContractHost;
  readonly b: ContractHost;
  readonly c: ContractHost;
}
