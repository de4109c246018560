import type { ClientRow } from '../../demo/report/clientRows';
import type { JournalLine } from '../../demo/report/journal';
import type { ObserverRow } from '../../demo/report/quorum';
import type { DeclaredNode, ReportInput } from '../../demo/report/report';

const begin = Date.parse('2026-11-21T08:00:00.000Z');
const iso = (seconds: number): string => new Date(begin + seconds * 1000).toISOString();

interface SampleStep {
  readonly resource: string;
  readonly operation: JournalLine['operation'];
  readonly sentence: string;
  readonly seconds: number;
}

const step = (
  resource: string,
  operation: SampleStep['operation'],
  sentence: string,
  seconds: number,
): SampleStep => ({ resource, operation, sentence, seconds });

/** One node's turn, with the times that were measured by hand. */
function turnOf(node: DeclaredNode): readonly SampleStep[] {
  const isManager = node.role === 'manager';
  const managerOnly = (steps: readonly SampleStep[]): readonly SampleStep[] =>
    isManager ? steps : [];
  return [
    ...managerOnly([
      step('VipMember', 'delete', 'hands 10.88.0.100 over to another manager', 2.1),
      step('VipMember', 'delete', 'stops keepalived', 0.4),
    ]),
    step('Node', 'delete', 'waits for the gate: 3 of 3 managers reachable, 2 needed', 1.2),
    step('Node', 'delete', 'drains the node and waits for its 4 tasks', 13.8),
    ...managerOnly([step('Node', 'delete', 'demotes it: 2 members, quorum 2, tolerance 0', 1.6)]),
    step('Node', 'delete', 'leaves the swarm and removes the entry by its ID', 1.9),
    step('Engine', 'delete', 'stops Docker Engine 20.10.24', 1.1),
    step('LabMachine', 'delete', 'powers off and removes the machine of debian:12', 2.3),
    step('LabMachine', 'create', 'makes the machine from debian:13 and boots it', 21.4),
    step('Engine', 'create', 'installs Docker Engine 26.1.5 and starts a container on it', 17.2),
    step('Node', 'create', `joins as ${node.role} with availability drain`, 1.7),
    step('Node', 'create', 'waits for the gate after it, then becomes active', 6.3),
    ...managerOnly([step('VipMember', 'create', 'installs keepalived with priority 120', 6.8)]),
  ];
}

/** A roll of 3 managers and 2 workers as a real one looks: about six minutes, some failures, a change of leader. */
export function sampleRun(): ReportInput {
  const nodes: readonly DeclaredNode[] = [
    { name: 'm1', role: 'manager' },
    { name: 'm2', role: 'manager' },
    { name: 'm3', role: 'manager' },
    { name: 'w1', role: 'worker' },
    { name: 'w2', role: 'worker' },
  ];
  const journal: JournalLine[] = [];
  const managersOut: { from: number; to: number }[] = [];
  let now = 6;
  for (const node of nodes) {
    let outSince = now;
    for (const { resource, operation, sentence, seconds } of turnOf(node)) {
      const urn = `urn:pulumi:demo::cluster::swarm:index:${resource}::${node.name}`;
      const common = { operation, urn, name: node.name, sentence };
      if (sentence.startsWith('leaves')) outSince = now;
      journal.push({ at: iso(now), event: 'start', ...common });
      now += seconds;
      journal.push({ at: iso(now), event: 'end', ...common, seconds });
      if (sentence.startsWith('joins as manager')) managersOut.push({ from: outSince, to: now });
      now += 0.3;
    }
    now += 2;
  }
  const endSeconds = now + 4;
  return {
    os: { from: 'debian:12', to: 'debian:13' },
    engine: { from: '20.10.24', to: '26.1.5' },
    nodes,
    startedAt: iso(0),
    endedAt: iso(endSeconds),
    journal,
    observer: observerRows(endSeconds, managersOut),
    client: clientRows(endSeconds, managersOut),
    clientIntervalMs: 20,
    visits: { asked: 1600, counted: 1600, first: 1, last: 1600, isWhole: true },
    problems: [],
  };
}

function observerRows(
  endSeconds: number,
  managersOut: readonly { readonly from: number; readonly to: number }[],
): readonly ObserverRow[] {
  const leaderGoes = managersOut.at(-1)?.from ?? 0;
  const rows: ObserverRow[] = [];
  for (let at = -2; at <= endSeconds + 2; at += 0.5) {
    const out = managersOut.findIndex(({ from, to }) => at >= from && at < to);
    // While a new leader is elected nobody can list the members.
    const isElection = at >= leaderGoes && at < leaderGoes + 3.5;
    const isLeaving = out >= 0 && at < (managersOut[out]?.from ?? 0) + 1.5;
    for (const [index, manager] of ['m1', 'm2', 'm3'].entries()) {
      const row = { at: iso(at), manager };
      if (index === out || isElection) rows.push({ ...row, error: 'no answer within 2000 ms' });
      else rows.push({ ...row, members: out < 0 || isLeaving ? 3 : 2, reachable: out < 0 ? 3 : 2 });
    }
  }
  return rows;
}

function clientRows(
  endSeconds: number,
  managersOut: readonly { readonly from: number; readonly to: number }[],
): readonly ClientRow[] {
  const rows: ClientRow[] = [];
  for (let tick = -100; tick * 0.02 <= endSeconds + 2; tick += 1) {
    const plannedAtMs = begin + tick * 20;
    const failing = managersOut.findIndex(
      ({ from }) => tick * 0.02 >= from - 16 && tick * 0.02 < from - 15.75,
    );
    rows.push(
      failing === 1 || failing === 2
        ? { plannedAtMs, startedAtMs: plannedAtMs, outcome: failing === 1 ? 'timeout' : 'refused' }
        : {
            plannedAtMs,
            startedAtMs: plannedAtMs,
            latencyMs: 2 + (tick % 7 === 0 ? 6 : 1),
            outcome: 'ok',
            servedBy: 'm2',
          },
    );
  }
  return rows;
}
