import { poolSettingInForce } from '../../core/addressPools';
import { parseFileMarker } from '../../core/fileMarker';
import { parseKeepalived } from '../../core/keepalived/parseKeepalived';
import { defaultAdvertisementSeconds } from '../../core/keepalived/vrrpSpec';
import { isOwnMarker } from '../../core/marker';
import {
  allowDestroyLabel,
  declaredManagersLabel,
  declaredNames,
  declaredVipsLabel,
  declaredWorkersLabel,
  userLabels,
} from '../../core/labels';
import { parseLocalData } from '../../core/localData';
import { memberAddress } from '../../core/gate';
import { parseRenames } from '../../core/renames';
import { parseRollPolicy } from '../../core/rollPolicy';
import { ownConfiguration } from '../operations/vip/keepalivedHost';
import { settleAutolock } from '../operations/swarm/swarmKeys';
import type { Importing } from '../server/resource';
import {
  addressAt,
  connectionOf,
  contactsOf,
  managerAt,
  managersBehind,
  markOf,
  markedId,
  nothingToImport,
  placeOf,
  plain,
} from './place';

const managerForm = '`LAB/MACHINE` or `[USER@]HOST[:PORT]` of a manager';
const nodeForm = `${managerForm}, then \`#NAME\` with the node’s name or ID`;

export const importSwarm: Importing = {
  form: `${managerForm}. The swarm must carry the labels of this package.`,
  read: async (id, operation) => {
    const place = await placeOf(operation, id, managerForm);
    const { docker, clusterId } = await managerAt(operation, place);
    const { labels, addressPools, subnetSize } = await docker.swarm();
    const managers = declaredNames(labels, declaredManagersLabel);
    if (managers === undefined) {
      throw nothingToImport(operation, `swarm ${clusterId} has no label of this package`);
    }
    const contacts = contactsOf(await docker.nodes(), place.connection);
    const vips = declaredNames(labels, declaredVipsLabel);
    const renamed = parseRenames(labels);
    const localData = parseLocalData(labels);
    const roll = parseRollPolicy(labels);
    return {
      id: clusterId,
      inputs: {
        name: operation.name,
        managers: plain(contacts),
        declared: {
          managers,
          workers: declaredNames(labels, declaredWorkersLabel) ?? [],
          ...(vips === undefined ? {} : { vips }),
          ...(Object.keys(renamed).length === 0 ? {} : { renamed }),
          ...(Object.keys(localData).length === 0 ? {} : { localData: plain(localData) }),
        },
        ...(roll === undefined ? {} : { roll: plain(roll) }),
        // Declared or not: what is in force is no difference from either.
        addressPools: plain(poolSettingInForce('addressPools', addressPools)),
        subnetSize: plain(poolSettingInForce('subnetSize', subnetSize)),
        allowDestroy: labels[allowDestroyLabel] === 'true',
      },
      outputs: {
        clusterId,
        ...(await settleAutolock(operation, { clusterId, managers: contacts }, {}, undefined)),
      },
    };
  },
};

export const importNode: Importing = {
  form: `${nodeForm}. Its host must carry the mark of this resource.`,
  read: async (id, operation) => {
    const place = await placeOf(operation, id, nodeForm);
    const { docker, clusterId } = await managerAt(operation, place);
    const nodes = await docker.nodes();
    const entry = nodes.find((node) => node.id === place.name || node.hostname === place.name);
    if (entry === undefined) {
      throw nothingToImport(operation, `swarm ${clusterId} lists no node ${place.name ?? ''}`);
    }
    const connection = connectionOf(entry, place.connection);
    const host = await operation.effects.hosts.connect(connection);
    const { id: marked } = await markOf(operation, host, 'node');
    const engineId = await markedId(operation, host, 'engine');
    return {
      id: marked,
      inputs: {
        ...{ name: entry.hostname, role: entry.role, engineId, clusterId },
        address: memberAddress(entry),
        connection: plain(connection),
        managers: plain(contactsOf(nodes, place.connection)),
        labels: userLabels(entry.labels),
        availability: entry.availability,
      },
      outputs: { nodeId: entry.id, isReady: entry.state === 'ready' },
    };
  },
};

export const importVipMember: Importing = {
  form: `${managerForm} that keepalived runs on, with a configuration that this resource wrote.`,
  read: async (id, operation) => {
    const place = await placeOf(operation, id, managerForm);
    const { clusterId, info } = await managerAt(operation, place);
    const text = (await ownConfiguration(place.host, operation.name)) ?? '';
    const marker = parseFileMarker(text);
    const written = parseKeepalived(text);
    if (marker === undefined || written === undefined || !isOwnMarker(marker, operation.urn)) {
      throw nothingToImport(
        operation,
        `keepalived on ${place.host.description} is not of this resource`,
      );
    }
    const { hostname } = await place.host.facts();
    const { name: vip, addresses, routerId, priority, advertisementSeconds, version } = written;
    const { peers, trackNode, isBalanced, checks, notify } = written;
    return {
      id: marker.id,
      inputs: {
        ...{ name: hostname, nodeId: info.nodeId, clusterId, address: await addressAt(place) },
        connection: plain(place.connection),
        managers: await managersBehind(place),
        ...{ vip, addresses: [...addresses], routerId, priority },
        ...(advertisementSeconds === defaultAdvertisementSeconds(version)
          ? {}
          : { advertisementSeconds }),
        ...(version === undefined ? {} : { vrrpVersion: version }),
        ...(peers === undefined ? {} : { peers: plain(peers) }),
        ...(trackNode === undefined ? {} : { trackNode }),
        ...(isBalanced === undefined ? {} : { isBalanced }),
        ...(checks === undefined ? {} : { checks: plain(checks) }),
        ...(notify === undefined ? {} : { notify: plain(notify) }),
      },
      outputs: { memberId: marker.id },
    };
  },
};
