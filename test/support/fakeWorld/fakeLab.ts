import { SwarmError, errorMessage } from '../../../core/errors';
import { dormantUnits } from '../../../core/nodeImage';
import type { Lab, LabMachineRecord, LabMachineSpec, NodeImageOrder } from '../../../effects/lab';
import { fakeHost } from './fakeHosts';
import { addMachine, boot, shutDown } from './machines';
import { osCatalog } from './osCatalog';
import { seal, unseal } from './sealedKey';
import type { MachineState, NodeImageState, WorldState } from './state';
import { timing } from './timing';
import type { World } from './world';

export function fakeLab(world: World): Lab {
  const images = Object.keys(osCatalog);
  const action = (method: string, host: string, takesMs = 0) => ({
    operation: `lab.${method}`,
    host,
    isChange: !['record', 'records', 'connection', 'hostKey', 'findImage'].includes(method),
    takesMs,
  });
  return {
    images,
    missing: () => Promise.resolve([]),
    findImage: (order) =>
      world.act(action('findImage', order.name), (state) =>
        state.nodeImages[imageKey(order)] === undefined ? undefined : imageIdentity(order),
      ),
    ensureImage: async (order, install) => {
      // While it is built, an image is as a machine that nobody knows.
      const key = `image/${order.name}`;
      const begin = (state: WorldState): boolean => beginImage(state, key, order);
      if (!(await world.act(action('ensureImage', order.name), begin))) return imageIdentity(order);
      try {
        await install(fakeHost(world, key, key));
      } catch (error) {
        await world.act(action('dropImage', order.name), (state) => {
          Reflect.deleteProperty(state.machines, key);
        });
        throw buildFailed(order, error);
      }
      await world.act(action('finishImage', order.name), (state) => {
        finishImage(state, key, order);
      });
      return imageIdentity(order);
    },
    ensure: async (spec, progress) => {
      progress(`boot ${spec.os} machine ${spec.name} at ${spec.address}`);
      const name = `${spec.lab}/${spec.name}`;
      return world.act(action('ensure', name, timing.boot), (state) => ensure(state, spec));
    },
    record: (lab, machine) =>
      world.act(action('record', `${lab}/${machine}`), (state) => {
        const found = state.machines[`${lab}/${machine}`];
        return found === undefined ? undefined : record(found);
      }),
    records: (lab) =>
      world.act(action('records', lab), (state) =>
        Object.values(state.machines)
          .filter((machine) => machine.lab?.lab === lab)
          .flatMap((machine) => record(machine) ?? []),
      ),
    remove: (lab, machine, id) =>
      world.act(action('remove', `${lab}/${machine}`, timing.powerOff), (state) => {
        const found = state.machines[`${lab}/${machine}`];
        if (found?.lab?.id === id) Reflect.deleteProperty(state.machines, found.key);
      }),
    powerOff: (lab, machine) =>
      world.act(action('powerOff', `${lab}/${machine}`), (state) => {
        shutDown(known(state, lab, machine));
      }),
    powerOn: (lab, machine) =>
      world.act(action('powerOn', `${lab}/${machine}`, timing.boot), (state) => {
        boot(state, known(state, lab, machine));
      }),
    adopt: (lab, machine, oldId, newId) =>
      world.act(action('adopt', `${lab}/${machine}`), (state) => {
        const found = known(state, lab, machine);
        if (found.lab === undefined || found.lab.id === newId) return;
        if (found.lab.id !== oldId) {
          throw refuse(
            'LabMachineExists',
            `lab machine ${lab}/${machine}: has the id ${found.lab.id}, not ${oldId}; it is left as it is; read its record again`,
          );
        }
        found.lab = { ...found.lab, id: newId };
      }),
    setLabels: (lab, machine, labels) =>
      world.act(action('setLabels', `${lab}/${machine}`), (state) => {
        const entry = known(state, lab, machine).lab;
        if (entry !== undefined) entry.labels = { ...labels };
      }),
    hostKey: (lab, machine) =>
      world.act(action('hostKey', `${lab}/${machine}`), (state) => {
        const found = state.machines[`${lab}/${machine}`];
        if (found?.lab === undefined) return undefined;
        if (found.hostPublicKey !== found.lab.hostPublicKey) {
          throw refuse(
            'LabHostKeyLost',
            `lab machine ${lab}/${machine}: its disk holds another SSH host key than it was made with; nothing was touched`,
          );
        }
        return {
          publicKey: found.lab.hostPublicKey,
          privateKey: unseal(found.lab.sealedHostKey),
        };
      }),
    connection: (lab, machine) =>
      world.act(action('connection', `${lab}/${machine}`), (state) => {
        const found = known(state, lab, machine);
        const hostKey = found.lab?.hostPublicKey ?? found.hostPublicKey;
        return { host: found.address, user: 'root', hostKey };
      }),
  };
}

function imageKey({ name, os }: NodeImageOrder): string {
  return `${name} ${os}`;
}

function imageIdentity({ name }: NodeImageOrder): string {
  return `${name}-fake`;
}

/** False: it is there. */
function beginImage(state: WorldState, key: string, order: NodeImageOrder): boolean {
  if (state.nodeImages[imageKey(order)] !== undefined) return false;
  refuseUnknownOs(order.os, `image ${order.name}`);
  const { name: hostname, os } = order;
  addMachine(state, { key, hostname, os, address: '', hostPublicKey: '' });
  return true;
}

function buildFailed({ name }: NodeImageOrder, cause: unknown): SwarmError {
  const message = `image ${name}: could not be built (${errorMessage(cause)}); no node was touched`;
  return new SwarmError('LabImageBuildFailed', message, { source: 'world', cause });
}

function finishImage(state: WorldState, key: string, order: NodeImageOrder): void {
  const built = state.machines[key];
  if (built === undefined) throw new Error(`${key} is gone`);
  for (const [unit, known] of Object.entries(built.units)) {
    known.state = 'inactive';
    if (dormantUnits.includes(unit)) known.isEnabled = false;
  }
  state.nodeImages[imageKey(order)] = diskOf(built);
  Reflect.deleteProperty(state.machines, key);
}

function diskOf(machine: NodeImageState): NodeImageState {
  const { installed, held, units, files, programs, repositories } = machine;
  return structuredClone({ installed, held, units, files, programs, repositories });
}

function refuseUnknownOs(os: string, subject: string): void {
  if (osCatalog[os] !== undefined) return;
  throw refuse(
    'LabImageUnknown',
    `${subject}: no image ${os}; nothing was made; choose one of ${Object.keys(osCatalog).join(', ')}`,
  );
}

function ensure(state: WorldState, spec: LabMachineSpec): LabMachineRecord {
  const key = `${spec.lab}/${spec.name}`;
  const existing = state.machines[key];
  if (existing !== undefined) {
    if (existing.lab?.id !== spec.id) {
      throw refuse(
        'LabMachineExists',
        `lab machine ${key}: there is one with another id; nothing was changed; remove it, or choose another name`,
      );
    }
    boot(state, existing);
    return recordOf(existing);
  }
  refuseUnknownOs(spec.os, `lab machine ${key}`);
  const holder = Object.values(state.machines).find((m) => m.address === spec.address);
  if (holder !== undefined) {
    throw refuse(
      'LabAddressTaken',
      `lab machine ${key}: ${spec.address} is ${holder.key}'s; nothing was made; choose a free address`,
    );
  }
  const order = imageOf(state, spec);
  const lab = {
    id: spec.id,
    lab: spec.lab,
    name: spec.name,
    image: order === undefined ? `${spec.os.replace(':', '-')}-fake` : imageIdentity(order),
    subnet: spec.subnet,
    hostPublicKey: spec.hostPublicKey,
    sealedHostKey: seal(spec.hostPrivateKey),
    labels: { ...spec.labels },
  };
  const { address, os, hostPublicKey, name: hostname } = spec;
  const disk = order === undefined ? undefined : state.nodeImages[imageKey(order)];
  const machine = { key, hostname, os, address, hostPublicKey, lab };
  return recordOf(addMachine(state, machine, disk === undefined ? undefined : diskOf(disk)));
}

/** The image that is asked for, where it is there. */
function imageOf(state: WorldState, { os, nodeImage }: LabMachineSpec): NodeImageOrder | undefined {
  if (nodeImage === undefined) return undefined;
  const order = { name: nodeImage, os };
  return state.nodeImages[imageKey(order)] === undefined ? undefined : order;
}

function refuse(code: string, message: string): SwarmError {
  return new SwarmError(code, message, { source: 'user' });
}

function known(state: WorldState, lab: string, name: string): MachineState {
  const machine = state.machines[`${lab}/${name}`];
  if (machine?.lab === undefined) {
    throw refuse(
      'LabMachineUnknown',
      `lab machine ${lab}/${name}: the lab has no such machine; nothing was changed; see the list of its machines`,
    );
  }
  return machine;
}

function record(machine: MachineState): LabMachineRecord | undefined {
  const { lab } = machine;
  if (lab === undefined) return undefined;
  const { sealedHostKey: _, ...kept } = lab;
  return { ...kept, os: machine.os, address: machine.address, isRunning: machine.isOn };
}

function recordOf(machine: MachineState): LabMachineRecord {
  const found = record(machine);
  if (found === undefined) throw new Error(`${machine.key} is no lab machine`);
  return found;
}
