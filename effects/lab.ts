import type { SshConnection } from '../core/connection';
import type { Host } from './effects';
import type { SshKeyPair } from './sshKeyPair';

/**
 * Real Debian machines on this computer: systemd-nspawn containers, each with its own systemd, sshd,
 * engine and network namespace. A lab is one bridge with its machines; labs are independent.
 *
 * Everything here is idempotent and safe to repeat after a kill -9 at any point.
 */
export interface Lab {
  /** Images that can be asked for, e.g. `['debian:12', 'debian:13']`. */
  readonly images: readonly string[];
  /** What this computer lacks for a lab, each as a sentence with its remedy; empty when a lab can run. */
  missing(): Promise<readonly string[]>;
  /**
   * Makes sure that an image is there beside those of the OSes: the OS's own, in which `install` has put what a node
   * needs. It is handed the image as a host in which nothing runs. What must differ from machine to machine is taken
   * out afterwards, and services that wait for a configuration are disabled. Returns its content identity.
   *
   * @throws SwarmError `LabImageUnknown`, `LabImageBuildFailed`; nothing counts as an image then.
   */
  ensureImage(
    order: NodeImageOrder,
    install: (host: Host) => Promise<void>,
    progress: (sentence: string) => void,
  ): Promise<string>;
  /** Content identity of such an image, or undefined when it is not there. */
  findImage(order: NodeImageOrder): Promise<string | undefined>;
  /**
   * Makes sure that the machine is there, as specified, and running, with sshd answering. The lab's
   * network is made with its first machine. Machine of the same name with the same `id`: started if it is off, otherwise untouched.
   *
   * @throws SwarmError `LabMachineExists` when the name is taken by another `id`, `LabAddressTaken`,
   * `LabImageUnknown`, `LabMissing`, `LabBootFailed` with the tail of the machine's console.
   */
  ensure(spec: LabMachineSpec, progress: (sentence: string) => void): Promise<LabMachineRecord>;
  /** The lab's own record of a machine, or undefined when there is none: authority on whether it exists. */
  record(lab: string, machine: string): Promise<LabMachineRecord | undefined>;
  /** Records of every machine of a lab. */
  records(lab: string): Promise<readonly LabMachineRecord[]>;
  /** Powers off (cleanly, then by force after 30 s), removes every trace; with the last machine the lab's network goes too. Succeeds when there is none, or when it has another `id`. */
  remove(lab: string, machine: string, id: string): Promise<void>;
  /** Stops the machine as a power cut does. It stays, and `powerOn` starts it again. */
  powerOff(lab: string, machine: string): Promise<void>;
  powerOn(lab: string, machine: string): Promise<void>;
  /** Gives the machine another ID, if it still has `oldId`; nothing else changes. For a Create that finds what an interrupted one left. */
  adopt(lab: string, machine: string, oldId: string, newId: string): Promise<void>;
  /** Updates labels only. */
  setLabels(lab: string, machine: string, labels: Readonly<Record<string, string>>): Promise<void>;
  /**
   * The SSH host key that the machine was given, from its disk, be it on or off; undefined when there is no
   * such machine. Secret: for a state that was lost, which held the only other copy.
   *
   * @throws SwarmError `LabHostKeyLost` when its disk does not hold the key of its record any more.
   */
  hostKey(lab: string, machine: string): Promise<SshKeyPair | undefined>;
  /** How to log in: address, the lab's client key, the machine's host key. @throws SwarmError `LabMachineUnknown`. */
  connection(lab: string, machine: string): Promise<SshConnection>;
}

/** An image by its name, which tells its content, and its OS. */
export interface NodeImageOrder {
  readonly name: string;
  readonly os: string;
}

export interface LabMachineSpec {
  /** Unique per creation; chosen by the caller. */
  readonly id: string;
  readonly lab: string;
  /** The lab's subnet, e.g. `10.88.0.0/24`; its first address is the bridge's, on this computer. */
  readonly subnet: string;
  readonly name: string;
  /** `debian:12` and the like. */
  readonly os: string;
  /** Name of the image that it is made from, where it is there; else it is made from the OS's own. */
  readonly nodeImage?: string;
  readonly address: string;
  /** SSH host key that the machine shows: OpenSSH private key (secret) and its public line. */
  readonly hostPrivateKey: string;
  readonly hostPublicKey: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface LabMachineRecord {
  readonly id: string;
  readonly lab: string;
  readonly name: string;
  readonly os: string;
  /** Content identity of the OS image it was made from. */
  readonly image: string;
  readonly address: string;
  readonly subnet: string;
  readonly hostPublicKey: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly isRunning: boolean;
}
