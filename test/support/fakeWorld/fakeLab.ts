import { SwarmError } from '../../../core/errors';
import type { Lab, LabMachineRecord, LabMachineSpec } from '../../../effects/lab';
import { addMachine, boot, shutDown } from './machines';
import { osCatalog } from './osCatalog';
import { seal, unseal } from './sealedKey';
import type { MachineState, WorldState } from './state';
import { timing } from './timing';
import type { World } from './world';

export function fakeLab(world: World): Lab {
  const images = Object.keys(osCatalog);
  const action = (method: string, host: string, takesMs = 0) => ({
    operation: `lab.${method}`,
    host,
    isChange: !['record', 'records', 'connection', 'hostKey'].includes(method),
    takesMs,
  });
  return {
    images,
    missing: () => Promise.resolve([]),
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
  if (osCatalog[spec.os] === undefined) {
    throw refuse(
      'LabImageUnknown',
      `lab machine ${key}: no image ${spec.os}; nothing was made; choose one of ${Object.keys(osCatalog).join(', ')}`,
    );
  }
  const holder = Object.values(state.machines).find((m) => m.address === spec.address);
  if (holder !== undefined) {
    throw refuse(
      'LabAddressTaken',
      `lab machine ${key}: ${spec.address} is ${holder.key}'s; nothing was made; choose a free address`,
    );
  }
  const lab = {
    id: spec.id,
    lab: spec.lab,
    name: spec.name,
    image: `${spec.os.replace(':', '-')}-fake`,
    subnet: spec.subnet,
    hostPublicKey: spec.hostPublicKey,
    sealedHostKey: seal(spec.hostPrivateKey),
    labels: { ...spec.labels },
  };
  const { address, os, hostPublicKey, name: hostname } = spec;
  return recordOf(addMachine(state, { key, hostname, os, address, hostPublicKey, lab }));
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
