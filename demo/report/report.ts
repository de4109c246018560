import { quorum } from '../../core/quorum';
import { visitsSentence, type VisitsSight } from '../visits';
import {
  missingTicks,
  summarizeClient,
  type ClientRow,
  type ClientSummary,
  type ProbeOutcome,
} from './clientRows';
import { journalSteps, secondsBetween, type JournalLine, type JournalStep } from './journal';
import { summarizeQuorum, type ObserverRow, type QuorumSample, type QuorumSummary } from './quorum';

export interface Change {
  readonly from: string;
  readonly to: string;
}

export interface DeclaredNode {
  readonly name: string;
  readonly role: 'manager' | 'worker';
}

/** Everything that a run left behind. Times in ISO 8601. */
export interface ReportInput {
  readonly os: Change;
  readonly engine: Change;
  /** All declared nodes, in the order they are to be shown. */
  readonly nodes: readonly DeclaredNode[];
  /** When the roll (`pulumi up`) began and ended. */
  readonly startedAt: string;
  readonly endedAt: string;
  readonly journal: readonly JournalLine[];
  readonly observer: readonly ObserverRow[];
  readonly client: readonly ClientRow[];
  /** Milliseconds between the client's planned ticks. */
  readonly clientIntervalMs: number;
  /** Of the application's counter, asked through the virtual IP. */
  readonly visits: VisitsSight;
  /** What the caller found wrong itself, e.g. that `pulumi up` failed; each a sentence. */
  readonly problems: readonly string[];
}

export interface ReportNode extends DeclaredNode {
  /** Start of its first step and end of its last one; null when it had none. */
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly steps: readonly { readonly sentence: string; readonly seconds: number }[];
}

/** report.json. */
export interface Report {
  readonly os: Change;
  readonly engine: Change;
  readonly nodes: readonly ReportNode[];
  readonly quorum: readonly QuorumSample[];
  readonly quorumUnanswered: { readonly samples: number; readonly longestRun: number };
  readonly client: ClientSummary;
  /** What was seen of the application's counter. */
  readonly visits: VisitsSight;
  readonly totalSeconds: number;
  readonly result: 'passed' | 'failed';
  /** Why it failed, each a sentence; empty exactly when it passed. */
  readonly problems: readonly string[];
  /** Where on the clock things were: what report.html draws beyond the figures above. */
  readonly timeline: Timeline;
}

export interface Timeline {
  readonly startedAt: string;
  readonly endedAt: string;
  /** Every step of every node, in order of start. */
  readonly steps: readonly TimelineStep[];
  readonly clientFailures: readonly { readonly at: string; readonly outcome: ProbeOutcome }[];
  readonly unanswered: readonly { readonly from: string; readonly to: string }[];
}

export interface TimelineStep extends Omit<JournalStep, 'name'> {
  readonly node: string;
}

/** Puts a run's raw rows together. Client failures are figures, not problems: they are shown as they were. */
export function buildReport(input: ReportInput): Report {
  const { os, engine, startedAt, endedAt } = input;
  const steps = stepsOfNodes(input);
  const nodes = input.nodes.map((node) => reportNode(node, steps));
  const observed = summarizeQuorum(input.observer);
  const problems = [
    ...input.problems,
    ...nodeProblems(nodes),
    ...quorumProblems(observed),
    ...clientProblems(input),
    ...visitsProblems(input.visits),
  ];
  return {
    os,
    engine,
    nodes,
    quorum: observed.samples,
    quorumUnanswered: observed.unanswered,
    client: summarizeClient(input.client),
    visits: input.visits,
    totalSeconds: round(secondsBetween(startedAt, endedAt)),
    result: problems.length === 0 ? 'passed' : 'failed',
    problems,
    timeline: {
      startedAt,
      endedAt,
      steps,
      clientFailures: input.client
        .filter((row) => row.outcome !== 'ok')
        .map((row) => ({ at: new Date(row.plannedAtMs).toISOString(), outcome: row.outcome })),
      unanswered: observed.unansweredStretches,
    },
  };
}

/** Reads are left out: they change nothing, and a refresh at the head of the run is no part of a node's turn. */
function stepsOfNodes(input: ReportInput): readonly TimelineStep[] {
  return journalSteps(input.journal, input.startedAt, input.endedAt).flatMap(
    ({ name, ...step }): readonly TimelineStep[] => {
      const node = nodeOf(name, input.nodes);
      if (node === undefined || step.operation === 'read') return [];
      return [{ node, ...step, seconds: round(step.seconds) }];
    },
  );
}

/** The node whose name the resource has, alone or with a suffix of its component (`m1-engine`); the longest such name. */
function nodeOf(resource: string, nodes: readonly DeclaredNode[]): string | undefined {
  return nodes
    .map(({ name }) => name)
    .filter((name) => resource === name || resource.startsWith(`${name}-`))
    .sort((a, b) => b.length - a.length)[0];
}

function reportNode(node: DeclaredNode, all: readonly TimelineStep[]): ReportNode {
  const steps = all.filter((step) => step.node === node.name);
  const ends = steps.map((step) => Date.parse(step.startedAt) + step.seconds * 1000);
  return {
    ...node,
    startedAt: steps[0]?.startedAt ?? null,
    endedAt: ends.length === 0 ? null : new Date(Math.max(...ends)).toISOString(),
    steps: steps.map(({ sentence, seconds }) => ({ sentence, seconds })),
  };
}

function nodeProblems(nodes: readonly ReportNode[]): readonly string[] {
  return nodes
    .filter(({ steps }) => steps.length === 0)
    .map(({ name }) => `${name}: no step was recorded; it was not rolled in this run`);
}

function quorumProblems({ samples, withoutMajority }: QuorumSummary): readonly string[] {
  if (samples.length === 0) {
    return ['quorum: no manager ever answered the observer; whether the majority held is unknown'];
  }
  const first = withoutMajority[0];
  return first === undefined
    ? []
    : [
        `quorum: ${String(withoutMajority.length)} of ${String(samples.length)} answered samples lack a majority; first at ${first.at}: ${String(first.reachable)} of ${String(first.members)} members reachable, ${String(quorum(first.members))} needed`,
      ];
}

/** The client must have watched the whole run; what it saw is judged elsewhere. */
function clientProblems(input: ReportInput): readonly string[] {
  const { client, clientIntervalMs, startedAt, endedAt } = input;
  const first = client[0];
  const last = client.at(-1);
  if (first === undefined || last === undefined) {
    return ['client: it recorded nothing; whether the virtual IP answered is unknown'];
  }
  const missing = missingTicks(client, clientIntervalMs);
  // It starts before the roll and stops after it; a second is for the computer's clock being read twice.
  const unwatchedSeconds =
    secondsBetween(startedAt, new Date(first.plannedAtMs).toISOString()) +
    secondsBetween(new Date(last.plannedAtMs).toISOString(), endedAt);
  return [
    ...(missing === 0 ? [] : [`client: ${String(missing)} planned ticks have no row`]),
    ...(unwatchedSeconds <= 1
      ? []
      : [`client: it did not run during ${unwatchedSeconds.toFixed(1)} s of the roll`]),
  ];
}

/** Its store is on every worker, so that an upgrade of each of them forgets no visit. */
function visitsProblems(visits: VisitsSight): readonly string[] {
  return visits.isWhole ? [] : [`application: ${visitsSentence(visits)}`];
}

const round = (seconds: number): number => Math.round(seconds * 10) / 10;
