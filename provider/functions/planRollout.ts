import type { BackupPolicy } from '../../core/backup';
import type { Connection, ManagerContact } from '../../core/connection';
import { isLabConnection } from '../../core/connection';
import { SwarmError, errorMessage } from '../../core/errors';
import { describeLocalData } from '../../core/localData';
import { isGoing, readCanary, withPause } from '../../core/canary';
import type { KeptEngine } from '../../core/engineChange';
import { isSeen } from '../../core/facts';
import type { Sight, SwarmNodeFacts } from '../../core/facts';
import { heldAvailability } from '../../core/held';
import { addressOf, isSameAddress } from '../../core/addresses';
import { describeRemovals } from '../../core/removals';
import { planRollout as decide } from '../../core/rollout';
import type {
  HostSight,
  RolloutFacts,
  RolloutNode,
  RolloutPlan,
  RolloutTurn,
} from '../../core/rolloutFacts';
import { runningTasks } from '../../core/services';
import { askManager } from '../operations/ask/managers';
import { gatherGateFacts, look } from '../operations/gate/gatherGateFacts';
import { backupDirectory } from '../operations/backup/backupDirectory';
import { lookAtLeaseLabels } from '../operations/hold/lease';
import { noteGoing } from '../operations/turn/canary';
import { notePlannedNodes } from '../operations/ask/plannedNodes';
import { hostStanding } from '../operations/ask/hostStanding';
import type { HostStanding } from '../operations/ask/hostStanding';
import { lookAtAlpn } from '../operations/node/joinContacts';
import { unfitness } from '../operations/vip/lookAtPeers';
import { keptOn, readUpgradeMark } from '../operations/inPlace/keptEngine';
import { entryOfNode } from '../../core/rolloutTurns';
import type { VipPolicy } from '../../core/rollPolicy';
import { unsettledBy } from '../operations/gate/unsettled';
import type { Unsettled } from '../operations/gate/unsettled';
import { Slots } from '../../effects/ssh/slots';
import type { Operation, PropertyMap, ProviderFunction } from '../server/resource';
import {
  checkProperties,
  connectionProperty,
  engineSourceProperty,
  flag,
  list,
  record,
  text,
  textMap,
  vipPolicyProperty,
} from '../resources/properties';
import { engineReasons } from './engineReasons';
import { brokenNodes, brokenWarnings, strangerReasons } from './hostFindings';
import { keepalivedReasons } from './keepalivedReasons';
import { knewStandIns, lookAtStandIns } from './lookAtStandIns';
import { previewBackup } from './previewBackup';
import { previewMoves } from './previewMoves';
import { planRestore } from './planRestore';
import { planQuorum } from './quorumPlan';
import { rollRoom } from './rollRoom';
import { vipStrangers } from './vipStrangers';

/** Without a place for the swarm there is no outage. */
function outageArchive({ allowOutage, backup }: PlanArgs): { readonly outageArchive?: string } {
  return allowOutage === true && backup !== undefined
    ? { outageArchive: backupDirectory(backup) }
    : {};
}

interface PlannedNode extends RolloutNode {
  readonly connection: Connection;
  readonly onLocalData?: string;
}

interface PlanArgs {
  readonly managers: readonly PlannedNode[];
  readonly workers: readonly PlannedNode[];
  readonly maxUnavailable: number | string;
  readonly standIn?: true | string;
  readonly vipAddresses?: readonly string[];
  readonly vip?: VipPolicy;
  readonly balancedPorts?: readonly number[];
  readonly lab?: string;
  readonly adopt?: string;
  readonly recoverFrom?: string;
  readonly lost?: readonly string[];
  readonly backup?: BackupPolicy;
  readonly allowOutage?: boolean;
  readonly startFirst?: true | readonly string[];
  readonly canary?: string;
  readonly hookBefore?: string;
}

const planned = record(
  {
    name: text('Name of the node.'),
    address: text('IP address of the node.'),
    connection: connectionProperty,
    previousName: text('Name of the node before it was renamed.', false),
    os: text('Wanted operating system.', false),
    engineVersion: text('Wanted engine version.', false),
    engineSource: engineSourceProperty,
    engineDaemon: { type: 'any', description: 'Wanted options of the daemon.' },
    engineUpgrade: text('How a newer engine comes to the node, `replace` or `inPlace`.', false),
    onLocalData: text('The choice about local data.', false),
    labels: textMap('Wanted labels, for a take-over.'),
    availability: text('Wanted availability, for a take-over.', false),
    hooks: textMap('Programs of its hooks, `before` and `after`.'),
  },
  'A declared node.',
);
const oneText = { type: 'string', description: 'text' } as const;

const inputs = {
  managers: list(planned, 'Declared managers.', true),
  workers: list(planned, 'Declared workers.', true),
  maxUnavailable: { type: 'any', description: 'Number or percentage of workers.' } as const,
  standIn: {
    type: 'any',
    description: '`true` or the name of the worker that is a manager while one is out.',
  } as const,
  vipAddresses: list(oneText, 'Virtual addresses.'),
  vip: vipPolicyProperty,
  balancedPorts: list(
    { type: 'integer', description: 'A port of the nodes.' },
    'Ports of the nodes that a balancer behind the virtual addresses spreads.',
  ),
  lab: text('Name of the lab that machines are made in.', false),
  adopt: text('Cluster ID of a running swarm that this run takes over.', false),
  recoverFrom: text('The recovery that is declared, as `NAME@TOKEN`.', false),
  lost: list(oneText, 'Members that are lost for good.'),
  backup: record(
    { directory: text('Directory of the computer that runs Pulumi.') },
    'Where raft is backed up before the first manager goes.',
    false,
  ),
  allowOutage: flag('An only manager may be replaced with nobody in its place.'),
  startFirst: {
    type: 'any',
    description: '`true` or the names of the nodes whose tasks are moved start-first.',
  } as const,
  canary: text('The change behind whose first node the roll pauses.', false),
  hookBefore: text('Program of the hook `before` of nodes without one of their own.', false),
};

/**
 * One look at the world, once per run: order, trajectory and verdict. The plan decides the order of
 * the program's resources and nothing else of them.
 */
export const planRollout: ProviderFunction = {
  token: 'swarm:index:planRollout',
  description:
    'Looks at every manager at once and plans the run: whether a swarm is there, the order of the nodes, the numbers while each is out, and why it cannot be done safely now.',
  inputs,
  outputs: {
    swarm: text('`none`, `live` or `unknown`.'),
    managers: list(oneText, 'Managers in the order of this run.', true),
    batches: list(list(oneText, 'A batch.'), 'Workers in batches.', true),
    maxUnavailable: { type: 'integer', description: 'Workers that may be out at once.' },
    turns: list(oneText, 'What happens to each node that is replaced or added, in order.', true),
    reasons: list(oneText, 'Why the run could not be carried out safely now.', true),
    warnings: list(oneText, 'What is unwise.', true),
  },
  call: async (args, operation) => {
    const failures = checkProperties(inputs, args);
    if (failures.length > 0) return { failures };
    const declared = args as unknown as PlanArgs;
    notePlannedNodes(operation, [...declared.managers, ...declared.workers]);
    const plan = await planRun(declared, operation);
    return { result: toProperties(plan) };
  },
};

interface RunPlan extends RolloutPlan {
  /** What comes before every node's turn. */
  readonly first: readonly string[];
  /** The sentences of the turns, with a pause among them where there is one. */
  readonly sentences: readonly string[];
}

async function planRun(
  declared: PlanArgs,
  operation: Operation,
  isSecondLook = false,
): Promise<RunPlan> {
  // Workers' own hosts are asked only where each must be known for what it is.
  const [standings, workers] = await Promise.all([
    standingsOf(declared.managers, operation),
    declared.adopt === undefined ? [] : standingsOf(declared.workers, operation),
  ]);
  const facts = await gather(declared, standings, workers, operation);
  const quorum = await planQuorum(declared, standings, facts.gate, operation);
  if (quorum.isSettledMeanwhile && !isSecondLook) return planRun(declared, operation, true);
  const { managers, maxUnavailable, adopt } = declared;
  const plan = decide(
    {
      ...{ managers, workers: declared.workers, maxUnavailable },
      ...(declared.standIn === undefined ? {} : { standIn: declared.standIn }),
      ...(adopt === undefined ? {} : { adopt }),
      ...(declared.vipAddresses === undefined
        ? {}
        : { vip: { addresses: declared.vipAddresses, ...declared.vip } }),
      ...outageArchive(declared),
      ...(declared.balancedPorts === undefined ? {} : { balancedPorts: declared.balancedPorts }),
      isOutageAllowed: declared.allowOutage === true,
      ...(declared.canary === undefined ? {} : { canary: declared.canary }),
    },
    facts,
  );
  const broken =
    plan.swarm === 'live' && adopt === undefined
      ? await standingsOf(brokenNodes(declared.workers, facts.nodes), operation)
      : [];
  const seen = adopt === undefined ? [...standings, ...broken] : [];
  const room = await rollRoom(
    managers,
    facts.gate?.clusterId,
    drainedTogether(declared, plan),
    waitingAlone(declared, plan, facts),
    operation,
  );
  const backup = await previewBackup(operation, declared, plan, facts.gate?.clusterId);
  const moves = await previewMoves(
    operation,
    managers,
    facts.gate?.clusterId,
    declared,
    withAnotherEngine(declared, plan),
  );
  const more = [
    ...strangerReasons(seen),
    ...(adopt === undefined ? [] : await keepalivedReasons(declared, standings)),
    ...(await labReasons(declared, standings, operation)),
    ...(await hostReasons(declared, withoutUnsettled(standings, facts), operation)),
    ...(await localDataReasons(declared, plan, facts, operation)),
    ...room.reasons,
    ...backup.reasons,
    ...(await engineReasons(withAnotherEngine(declared, plan), operation)),
  ];
  return {
    ...plan,
    sentences: [
      ...(await sentencesOf(declared, plan, facts.gate?.clusterId, operation)),
      ...describeRemovals(
        isSeen(facts.nodes) ? facts.nodes.seen : [],
        [...managers, ...declared.workers],
        declared.hookBefore,
      ),
    ],
    first: [
      ...quorum.turns,
      ...backup.turns,
      ...moves.turns,
      ...(plan.vip === undefined ? [] : [plan.vip]),
    ],
    reasons: [...new Set([...quorum.reasons, ...plan.reasons, ...more])],
    warnings: [
      ...plan.warnings,
      ...quorum.warnings,
      ...room.warnings,
      ...backup.warnings,
      ...moves.warnings,
      // What a recovery puts back needs nobody's command.
      ...(plan.swarm === 'live' && quorum.turns.length === 0
        ? brokenWarnings(withoutUnsettled(seen, facts), facts.nodes)
        : []),
    ],
  };
}

/** And what this run's operations will say is left behind a canary. */
async function sentencesOf(
  { managers, canary }: PlanArgs,
  { turns }: RolloutPlan,
  clusterId: string | undefined,
  operation: Operation,
): Promise<readonly string[]> {
  if (canary === undefined || clusterId === undefined)
    return withPause(turns, undefined, undefined);
  noteGoing(
    operation,
    clusterId,
    turns.filter(isGoing).map(({ name }) => name),
  );
  const kept = await look(() => lookAtLeaseLabels(operation, { clusterId, managers }));
  return withPause(turns, canary, isSeen(kept) ? readCanary(kept.seen) : undefined);
}

type Standings = readonly { readonly node: PlannedNode; readonly standing: HostStanding }[];

async function standingsOf(
  nodes: readonly PlannedNode[],
  operation: Operation,
): Promise<Standings> {
  return Promise.all(
    nodes.map(async (node) => ({
      node,
      standing: await hostStanding(operation, node.connection),
    })),
  );
}

async function gather(
  declared: PlanArgs,
  standings: Standings,
  workerStandings: Standings,
  operation: Operation,
): Promise<RolloutFacts> {
  const sights = (of: Standings): Promise<HostSight[]> =>
    Promise.all(of.map(({ node, standing }) => sightOf(node, standing)));
  const [managers, workers] = await Promise.all([sights(standings), sights(workerStandings)]);
  const standIns = await lookAtStandIns(declared, operation);
  const clusterId =
    standings
      .map(({ standing }) => (standing.kind === 'member' ? standing.info.clusterId : undefined))
      .find((id) => id !== undefined) ?? standIns.clusterId;
  const contacts: readonly ManagerContact[] = [...declared.managers, ...standIns.contacts];
  const gate =
    clusterId === undefined
      ? undefined
      : await gatherGateFacts(
          operation,
          { clusterId, managers: contacts },
          '',
          declared.workers.length,
          { declared: declared.managers.map(({ name }) => name) },
        );
  const nodes: Sight<readonly SwarmNodeFacts[]> =
    gate?.nodes ?? ({ unseen: 'no manager answers' } as const);
  const unsettled = await unsettledAmong(standings);
  const holder = await vipHolder(declared, standings);
  const restore = await planRestore(operation, declared, standings);
  const [alpn, vipUnfit, strangers, kept] = await Promise.all([
    alpnOf(standings, operation),
    holder === undefined ? {} : vipUnfitness(standings, nodes),
    holder === undefined ? [] : vipStrangers(declared.vipAddresses ?? [], standings),
    keptAmong(standings, isSeen(nodes) ? nodes.seen : []),
  ]);
  return {
    ...(restore === undefined ? {} : { restore }),
    managers,
    workers,
    gate,
    nodes,
    isHeldByStandIn: standIns.clusterId !== undefined,
    knowsStandIns:
      clusterId !== undefined &&
      standIns.contacts.length > 0 &&
      (await knewStandIns(operation, clusterId, contacts)),
    vipHolder: holder,
    ...{ alpn, vipUnfit, vipStrangers: strangers, unsettled, kept },
    ...(await running(declared, clusterId, contacts, operation)),
  };
}

/** What upgrades in place that are held or were interrupted have kept. One that is not looked at is not known to be. */
async function keptAmong(
  standings: Standings,
  nodes: readonly SwarmNodeFacts[],
): Promise<Readonly<Record<string, KeptEngine>>> {
  const found = await Promise.all(
    standings.map(async ({ node, standing }) => {
      const host = standing.kind === 'absent' ? undefined : standing.host;
      const entry = entryOfNode(nodes, node);
      if (host === undefined || entry === undefined) return [];
      if (heldAvailability(entry) === undefined) return [];
      const kept = await look(async () => keptOn(host, await readUpgradeMark(host)));
      return isSeen(kept) && kept.seen !== undefined ? [[node.name, kept.seen] as const] : [];
    }),
  );
  return Object.fromEntries(found.flat());
}

/** What the head of the run sets right, and how. */
async function unsettledAmong(
  standings: Standings,
): Promise<readonly { readonly name: string; readonly why: string }[]> {
  const hows: Readonly<Record<Unsettled, string>> = {
    locked: 'is locked: it is unlocked',
    backup: 'was left in the middle of a backup: it is set right',
    upgrade: 'was left with a stopped engine in the middle of an upgrade in place: it is started',
  };
  const found = await Promise.all(
    standings.map(async ({ node: { name }, standing }) => {
      const what = await unsettledBy(standing);
      return what === undefined ? [] : [{ name, why: hows[what] }];
    }),
  );
  return found.flat();
}

async function sightOf(node: PlannedNode, standing: HostStanding): Promise<HostSight> {
  if (standing.kind === 'absent') {
    return { name: node.name, swarm: 'absent', os: undefined };
  }
  const { host } = standing;
  const facts = host === undefined ? undefined : await look(() => host.facts());
  const info = standing.kind === 'member' ? standing.info : undefined;
  return {
    name: node.name,
    swarm: standing.kind === 'locked' ? 'member' : standing.kind,
    os: facts !== undefined && isSeen(facts) ? facts.seen.os : undefined,
    ...(info?.clusterId === undefined ? {} : { clusterId: info.clusterId }),
    ...(info === undefined || info.nodeId === '' ? {} : { nodeId: info.nodeId }),
    ...(standing.kind === 'unknown' ? { why: standing.why } : {}),
    ...(standing.kind === 'locked' ? { why: 'it is locked' } : {}),
  };
}

async function vipHolder(declared: PlanArgs, standings: Standings): Promise<string | undefined> {
  const vips = (declared.vipAddresses ?? []).map(addressOf);
  if (vips.length === 0) return undefined;
  const holders = await Promise.all(
    standings.map(async ({ node, standing }) => {
      const host = standing.kind === 'absent' ? undefined : standing.host;
      const own = host === undefined ? undefined : await look(() => host.network.addresses());
      const holds =
        own !== undefined &&
        isSeen(own) &&
        own.seen.some(({ address }) => vips.some((vip) => isSameAddress(address, vip)));
      return holds ? node.name : undefined;
    }),
  );
  return holders.find((name) => name !== undefined);
}

/** Which managers in control offer ALPN to engines that ask for it. */
async function alpnOf(
  standings: Standings,
  operation: Operation,
): Promise<Readonly<Record<string, Sight<boolean>>>> {
  const sights = await Promise.all(
    standings.map(async ({ node, standing }) => {
      if (standing.kind !== 'member' || !standing.info.isControlAvailable) return [];
      const { engineVersion } = standing.info;
      return [[node.name, await lookAtAlpn(operation, node, engineVersion)] as const];
    }),
  );
  return Object.fromEntries(sights.flat());
}

/** Who cannot take the virtual IP now, and why. */
async function vipUnfitness(
  standings: Standings,
  nodes: Sight<readonly SwarmNodeFacts[]>,
): Promise<Readonly<Record<string, string>>> {
  const list = isSeen(nodes) ? nodes.seen : [];
  const whys = await Promise.all(
    standings.map(async ({ node, standing }) => {
      const entry = entryOfNode(list, node);
      if (standing.kind === 'unknown') return [[node.name, standing.why] as const];
      const host = standing.kind === 'absent' ? undefined : standing.host;
      const why =
        host === undefined
          ? 'it is not there yet'
          : await unfitness(host, node.name, isSeen(nodes) ? entry : undefined);
      return why === undefined ? [] : [[node.name, why] as const];
    }),
  );
  return Object.fromEntries(whys.flat());
}

/** What this computer lacks to build machines of a lab, and operating systems that no image exists for. */
async function labReasons(
  declared: PlanArgs,
  standings: Standings,
  operation: Operation,
): Promise<readonly string[]> {
  if (declared.lab === undefined) return [];
  const { lab } = operation.effects;
  const unknown = [...declared.managers, ...declared.workers]
    .filter(({ os }) => os !== undefined && !lab.images.includes(os))
    .map(
      ({ name, os }) => `${name}: there is no OS ${os ?? ''}; there are ${lab.images.join(', ')}`,
    );
  const needsBuilding = standings.some(({ standing }) => standing.kind === 'absent');
  return [...unknown, ...(needsBuilding ? await lab.missing() : [])];
}

/** Existing hosts must answer before anything is begun, unless a running swarm can do without one. */
async function hostReasons(
  declared: PlanArgs,
  managers: Standings,
  operation: Operation,
): Promise<readonly string[]> {
  if (managers.some(({ standing }) => standing.kind === 'member')) return [];
  const workers = await standingsOf(declared.workers, operation);
  return [...managers, ...workers].flatMap(({ node, standing }) =>
    standing.kind === 'unknown' && !isLabConnection(node.connection)
      ? [`${node.name}: ${standing.why}`]
      : [],
  );
}

/** What the head of the run sets right is told of by itself. */
function withoutUnsettled(standings: Standings, { unsettled = [] }: RolloutFacts): Standings {
  return standings.filter(({ node }) => unsettled.every(({ name }) => name !== node.name));
}

/** Data that a rebuild would lose, on every node that is to be replaced. */
/** A large cluster's hosts are not all connected to at the same moment. */
const mostHostsAtOnce = 32;

async function localDataReasons(
  declared: PlanArgs,
  plan: RolloutPlan,
  { unsettled = [] }: RolloutFacts,
  operation: Operation,
): Promise<readonly string[]> {
  // An engine that the head of the run has yet to start tells nothing; its Delete looks itself.
  const going = replaced(declared, plan).filter(
    ({ name, onLocalData }) =>
      onLocalData === undefined && unsettled.every((one) => one.name !== name),
  );
  const lookers = new Slots(mostHostsAtOnce);
  const answers = await Promise.all(
    going.map(({ name, connection }) =>
      lookers.use(async () => {
        try {
          const host = await operation.effects.hosts.connect(connection);
          const held = describeLocalData(await host.docker.localData());
          return held === undefined
            ? []
            : [
                `${name}: it holds ${held}, which a rebuild would lose; declare \`onLocalData\` for it, or move the data away`,
              ];
        } catch (error) {
          // A renamed machine of a lab is known to it by its previous name only; its Delete looks itself.
          if (error instanceof SwarmError && error.code === 'LabMachineUnknown') {
            operation.log('warning', `${name}: its local data was not looked at: ${error.message}`);
            return [];
          }
          return [
            `${name}: whether it holds local data could not be looked at (${errorMessage(error)}); bring it back, or declare \`onLocalData\` for it`,
          ];
        }
      }),
    ),
  );
  return answers.flat();
}

/** Declared nodes that this run takes out and puts back. */
function replaced(declared: PlanArgs, plan: RolloutPlan): readonly PlannedNode[] {
  return nodesOf(declared, plan, ['replace']);
}

/** And those whose engine it exchanges. */
function withAnotherEngine(declared: PlanArgs, plan: RolloutPlan): readonly PlannedNode[] {
  return nodesOf(declared, plan, ['replace', 'inPlace']);
}

/** The nodes of each turn: managers that are upgraded in place stay drained until the last of them is through. */
function drainedTogether(
  declared: PlanArgs,
  plan: RolloutPlan,
): readonly (readonly PlannedNode[])[] {
  const inPlace = nodesOf(declared, plan, ['inPlace']);
  const held = declared.managers.filter((node) => inPlace.includes(node));
  const others = withAnotherEngine(declared, plan).filter((node) => !held.includes(node));
  return [...(held.length === 0 ? [] : [held]), ...others.map((node) => [node])];
}

/**
 * Nodes whose drain waits for replicas elsewhere; nothing is scheduled while an only manager is out, and where a declared node is
 * yet to join nothing is certain. Managers that are held together are judged by themselves.
 */
function waitingAlone(
  declared: PlanArgs,
  plan: RolloutPlan,
  { nodes }: RolloutFacts,
): readonly PlannedNode[] {
  const { managers, workers, allowOutage } = declared;
  const known = isSeen(nodes) ? nodes.seen : [];
  if ([...managers, ...workers].some((node) => entryOfNode(known, node) === undefined)) return [];
  const inPlace = nodesOf(declared, plan, ['inPlace']);
  return withAnotherEngine(declared, plan).filter(
    (node) =>
      !(managers.includes(node) && inPlace.includes(node)) &&
      !(managers.length === 1 && managers.includes(node) && allowOutage === true),
  );
}

function nodesOf(
  declared: PlanArgs,
  { turns }: RolloutPlan,
  kinds: readonly RolloutTurn['kind'][],
): readonly PlannedNode[] {
  const all = [...declared.managers, ...declared.workers];
  return turns
    .filter(({ kind }) => kinds.includes(kind))
    .flatMap(({ name }) => all.filter((node) => node.name === name));
}

/** Only where an engine is to be exchanged in place does it matter what runs where. */
async function running(
  declared: PlanArgs,
  clusterId: string | undefined,
  managers: readonly ManagerContact[],
  operation: Operation,
): Promise<Pick<RolloutFacts, 'running'>> {
  const all = [...declared.managers, ...declared.workers];
  if (clusterId === undefined) return {};
  if (all.every(({ engineUpgrade }) => engineUpgrade !== 'inPlace')) return {};
  const seen = await look(() =>
    askManager(
      operation,
      { clusterId, managers },
      ({ docker }) => Promise.all([docker.services(), docker.tasks(), docker.nodes()]),
      { timeoutSeconds: 10 },
    ),
  );
  if (!isSeen(seen)) return { running: seen };
  const [services, tasks, nodes] = seen.seen;
  return { running: { seen: { services, tasks: runningTasks(services, tasks, nodes) } } };
}

function toProperties(plan: RunPlan): PropertyMap {
  return {
    swarm: plan.swarm,
    managers: plan.managers,
    batches: plan.batches,
    maxUnavailable: plan.maxUnavailable,
    turns: [...plan.first, ...plan.sentences],
    reasons: plan.reasons,
    warnings: plan.warnings,
  };
}
