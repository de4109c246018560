import type { SshConnection } from '../../core/connection';
import { SwarmError } from '../../core/errors';
import type { Host } from '../effects';
import type { Lab, LabMachineRecord, LabMachineSpec, NodeImageOrder } from '../lab';
import type { SshKeyPair } from '../sshKeyPair';
import { claimMachine } from './claim';
import { writeKnownHosts } from './clientKey';
import { withLock } from './fileLock';
import { readHostKey } from './hostKey';
import { imageNames } from './imageRecipe';
import { ensureImage, type LabImage } from './images';
import { ensureNetwork } from './labNetwork';
import { defaultDirectories, labPaths, type LabDirectories } from './layout';
import { mountRoot, prepareRoot } from './machineDisk';
import { startMachine } from './machineRunner';
import { ensureNodeImage, findNodeImage } from './nodeImages';
import { machineProcesses, powerOffCleanly } from './processes';
import {
  readFileIfAny,
  readMachine,
  readMachines,
  writeMachine,
  type StoredMachine,
} from './records';
import { missingRequirements, requireLab } from './requirements';
import { requireSpec } from './spec';
import { waitForSsh } from './sshReady';
import { parseSubnet } from './subnet';
import { hostLock, machineLock, removeLabIfEmpty, removeMachine, stopMachine } from './teardown';

export interface LabOptions {
  /** Records, keys and disks of machines. Default: `/var/lib/swarm-lab`. */
  readonly stateDirectory?: string;
  /** OS images. Default: `/var/cache/swarm-lab`. */
  readonly cacheDirectory?: string;
  /** How long a machine may take from power-on to the first login. Default: 120. */
  readonly bootTimeoutSeconds?: number;
  /** How long a machine may take to power off in order before it is cut off. Default: 30. */
  readonly powerOffTimeoutSeconds?: number;
}

/**
 * Labs on this computer. Lock order: a machine's, then the host's. A lab's name is one for the whole
 * computer, whatever the directories: bridge, namespaces and firewall rules are named after it.
 */
export function createLab(options: LabOptions = {}): Lab {
  return new LabMachines(
    {
      state: options.stateDirectory ?? defaultDirectories.state,
      cache: options.cacheDirectory ?? defaultDirectories.cache,
    },
    options.bootTimeoutSeconds ?? 120,
    options.powerOffTimeoutSeconds ?? 30,
  );
}

class LabMachines implements Lab {
  readonly images = imageNames;

  constructor(
    private readonly directories: LabDirectories,
    private readonly bootTimeoutSeconds: number,
    private readonly powerOffTimeoutSeconds: number,
  ) {}

  async missing(): Promise<readonly string[]> {
    return missingRequirements(this.directories);
  }

  async ensureImage(
    order: NodeImageOrder,
    install: (host: Host) => Promise<void>,
    progress: (sentence: string) => void,
  ): Promise<string> {
    await requireLab(this.directories, order.os);
    return (await ensureNodeImage(order, install, progress, this.directories)).identity;
  }

  async findImage(order: NodeImageOrder): Promise<string | undefined> {
    return (await findNodeImage(order, this.directories))?.identity;
  }

  async ensure(
    spec: LabMachineSpec,
    progress: (sentence: string) => void,
  ): Promise<LabMachineRecord> {
    requireSpec(spec);
    return withLock(machineLock(spec.lab, spec.name), async () => {
      const present = await readMachine(this.directories, spec.lab, spec.name);
      if (present !== undefined && present.id !== spec.id) {
        const message = `lab ${spec.lab}/${spec.name}: there is a machine with the id ${present.id}, not ${spec.id}; it is left as it is; remove it first, or choose another name`;
        throw new SwarmError('LabMachineExists', message, { source: 'user' });
      }
      const record = present?.isPrepared === true ? present : await this.build(spec, progress);
      await this.boot(record, progress);
      return this.seen(record);
    });
  }

  async record(lab: string, machine: string): Promise<LabMachineRecord | undefined> {
    const stored = await readMachine(this.directories, lab, machine);
    return stored === undefined ? undefined : this.seen(stored);
  }

  async records(lab: string): Promise<readonly LabMachineRecord[]> {
    return (await readMachines(this.directories, lab)).map((stored) => this.seen(stored));
  }

  async remove(lab: string, machine: string, id: string): Promise<void> {
    await withLock(machineLock(lab, machine), async () => {
      const stored = await readMachine(this.directories, lab, machine);
      if (stored !== undefined && stored.id !== id) return;
      if (stored !== undefined) {
        await powerOffCleanly(lab, machine, this.powerOffTimeoutSeconds);
        await removeMachine(this.directories, lab, machine);
      }
      await withLock(hostLock, async () => {
        if ((await readMachines(this.directories, lab)).length > 0) {
          await writeKnownHosts(this.directories, lab);
        } else {
          await removeLabIfEmpty(this.directories, lab);
        }
      });
    });
  }

  async powerOff(lab: string, machine: string): Promise<void> {
    await withLock(machineLock(lab, machine), async () => {
      await this.known(lab, machine);
      await stopMachine(this.directories, lab, machine);
    });
  }

  async powerOn(lab: string, machine: string): Promise<void> {
    await withLock(machineLock(lab, machine), async () => {
      const stored = await this.known(lab, machine);
      if (!stored.isPrepared) {
        const message = `lab ${lab}/${machine}: was never completed; it has nothing to boot; create it again`;
        throw new SwarmError('LabBootFailed', message, { source: 'world' });
      }
      await this.boot(stored, () => undefined);
    });
  }

  async adopt(lab: string, machine: string, oldId: string, newId: string): Promise<void> {
    await withLock(machineLock(lab, machine), async () => {
      const stored = await this.known(lab, machine);
      if (stored.id === newId) return;
      if (stored.id !== oldId) {
        const message = `lab ${lab}/${machine}: has the id ${stored.id}, not ${oldId}; it is left as it is; read its record again`;
        throw new SwarmError('LabMachineExists', message, { source: 'user' });
      }
      await writeMachine(this.directories, { ...stored, id: newId });
    });
  }

  async setLabels(
    lab: string,
    machine: string,
    labels: Readonly<Record<string, string>>,
  ): Promise<void> {
    await withLock(machineLock(lab, machine), async () => {
      const stored = await this.known(lab, machine);
      await writeMachine(this.directories, { ...stored, labels: { ...labels } });
    });
  }

  async hostKey(lab: string, machine: string): Promise<SshKeyPair | undefined> {
    const stored = await readMachine(this.directories, lab, machine);
    return stored === undefined ? undefined : readHostKey(this.directories, stored);
  }

  async connection(lab: string, machine: string): Promise<SshConnection> {
    const stored = await this.known(lab, machine);
    const keyFile = labPaths(this.directories, lab).clientKey;
    const privateKey = await readFileIfAny(keyFile);
    if (privateKey === undefined) {
      const message = `lab ${lab}: its client key ${keyFile} is gone; nobody can log in to its machines; remove the lab with \`npm run lab -- down ${lab}\``;
      throw new SwarmError('LabRecordDamaged', message, { source: 'world' });
    }
    return { host: stored.address, user: 'root', privateKey, hostKey: stored.hostPublicKey };
  }

  /** Claims name and address, and makes the disk. After a kill it begins again. */
  private async build(
    spec: LabMachineSpec,
    progress: (sentence: string) => void,
  ): Promise<StoredMachine> {
    await requireLab(this.directories, spec.os);
    const image = await this.imageOf(spec, progress);
    progress(`making ${spec.name} (${spec.os}, ${spec.address})`);
    const claimed = await withLock(hostLock, async () =>
      claimMachine(this.directories, spec, image.identity),
    );
    await stopMachine(this.directories, spec.lab, spec.name);
    await prepareRoot(this.directories, claimed, spec);
    const prepared = { ...claimed, isPrepared: true };
    await writeMachine(this.directories, prepared);
    return prepared;
  }

  /** Without the image that is asked for, a machine only takes longer until it is a node. */
  private async imageOf(
    { os, nodeImage }: LabMachineSpec,
    progress: (sentence: string) => void,
  ): Promise<LabImage> {
    const prepared =
      nodeImage === undefined
        ? undefined
        : await findNodeImage({ name: nodeImage, os }, this.directories);
    return prepared ?? ensureImage(os, progress, this.directories);
  }

  /** Starts the machine unless it runs, and waits until one can log in. */
  private async boot(stored: StoredMachine, progress: (sentence: string) => void): Promise<void> {
    const { lab, name } = stored;
    const { runners, supervisors, leader } = machineProcesses(lab, name);
    // A runner alone is a machine on its way up, or rebooting.
    if (runners.length === 0 && (supervisors.length === 0 || leader === undefined)) {
      progress(`booting ${name}`);
      await stopMachine(this.directories, lab, name);
      await withLock(hostLock, async () => ensureNetwork(lab, parseSubnet(stored.subnet)));
      await mountRoot(this.directories, stored);
      await startMachine(this.directories, stored);
    }
    progress(`waiting for sshd of ${name} on ${stored.address}`);
    const connection = await this.connection(lab, name);
    await waitForSsh(this.directories, stored, connection, this.bootTimeoutSeconds);
  }

  private seen({ isPrepared: _, ...stored }: StoredMachine): LabMachineRecord {
    return {
      ...stored,
      isRunning: machineProcesses(stored.lab, stored.name).leader !== undefined,
    };
  }

  private async known(lab: string, machine: string): Promise<StoredMachine> {
    const stored = await readMachine(this.directories, lab, machine);
    if (stored !== undefined) return stored;
    const names = (await readMachines(this.directories, lab)).map(({ name }) => name);
    const present = names.length === 0 ? 'no machine' : names.join(', ');
    const message = `lab ${lab}/${machine}: there is no such machine (the lab has ${present}); nothing was done; \`npm run lab -- ls\` lists all`;
    throw new SwarmError('LabMachineUnknown', message, { source: 'user' });
  }
}
