import { isLabConnection } from '../../core/connection';
import { parseImportId } from '../../core/importId';
import { newId } from '../resources/identities';
import type { Importing, Operation } from '../server/resource';
import {
  addressAt,
  importIdInvalid,
  managersBehind,
  markOf,
  markedId,
  nothingToImport,
  placeOf,
  plain,
} from './place';

const labForm = '`LAB/MACHINE`';
const hostForm = '`[USER@]HOST[:PORT]`; log in by the SSH agent';
const anyForm = '`LAB/MACHINE` or `[USER@]HOST[:PORT]`';

/** Name of a lab and of its machine. */
function labPlace(
  operation: Operation,
  id: string,
): { readonly lab: string; readonly name: string } {
  const parsed = parseImportId(id);
  if (parsed?.name !== undefined || parsed === undefined || !isLabConnection(parsed.connection)) {
    throw importIdInvalid(operation, id, labForm);
  }
  return { lab: parsed.connection.lab, name: parsed.connection.machine };
}

export const importHostIdentity: Importing = {
  form: `${labForm}: the key is read from the machine’s disk.`,
  read: async (id, operation) => {
    const { lab, name } = labPlace(operation, id);
    const key = await operation.effects.lab.hostKey(lab, name);
    if (key === undefined) throw nothingToImport(operation, `lab ${lab} has no machine ${name}`);
    return { id: newId('key', name), inputs: { name, lab }, outputs: { ...key } };
  },
};

export const importLabMachine: Importing = {
  form: `${labForm}.`,
  read: async (id, operation) => {
    const { lab, name } = labPlace(operation, id);
    const record = await operation.effects.lab.record(lab, name);
    const key = await operation.effects.lab.hostKey(lab, name);
    if (record === undefined || key === undefined) {
      throw nothingToImport(operation, `lab ${lab} has no machine ${name}`);
    }
    const { subnet, address, os, labels, image } = record;
    return {
      id: record.id,
      inputs: {
        ...{ name, lab, subnet, address, os },
        hostPrivateKey: key.privateKey,
        hostPublicKey: key.publicKey,
        ...(Object.keys(labels).length === 0 ? {} : { labels }),
      },
      outputs: { machineId: record.id, image },
    };
  },
};

export const importHost: Importing = {
  form: `${hostForm}. The host must carry the mark of this resource.`,
  read: async (id, operation) => {
    const place = await placeOf(operation, id, hostForm);
    const { id: marked } = await markOf(operation, place.host, 'host');
    const { hostname, os } = await place.host.facts();
    return {
      id: marked,
      inputs: {
        name: hostname,
        address: await addressAt(place),
        connection: plain(place.connection),
        os,
      },
      outputs: { machineId: marked, hostOs: os },
    };
  },
};

export const importEngine: Importing = {
  form: `${anyForm}. The host must carry the mark of this resource.`,
  read: async (id, operation) => {
    const place = await placeOf(operation, id, anyForm);
    const { connection, host } = place;
    const { id: marked } = await markOf(operation, host, 'engine');
    const { hostname } = await host.facts();
    const machine = isLabConnection(connection)
      ? await operation.effects.lab.record(connection.lab, connection.machine)
      : { id: await markedId(operation, host, 'host') };
    return {
      id: marked,
      inputs: {
        name: hostname,
        machineId: machine?.id,
        connection: plain(connection),
        managers: await managersBehind(place),
      },
      outputs: {
        engineId: marked,
        engineVersion: await host.docker.version(),
        revision: marked,
      },
    };
  },
};
