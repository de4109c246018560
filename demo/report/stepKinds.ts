import type { TimelineStep } from './report';

/** What part of a node a step works on: the colour of its block. */
export interface StepKind {
  readonly label: string;
  readonly color: string;
  readonly resources: readonly string[];
}

/** Colours keep apart for the common kinds of colour blindness, and carry white text. */
const kinds: readonly StepKind[] = [
  { label: 'virtual IP', color: '#8b5cc7', resources: ['VipMember', 'Balancer'] },
  {
    label: 'swarm membership',
    color: '#2563a8',
    resources: ['Node', 'Swarm', 'Activation', 'Rebalance'],
  },
  { label: 'engine', color: '#0f8a7e', resources: ['Engine'] },
  { label: 'machine', color: '#c2660c', resources: ['LabMachine', 'Host', 'HostIdentity'] },
];

const otherKind: StepKind = { label: 'other', color: '#6b7280', resources: [] };

export function stepKind(step: Pick<TimelineStep, 'resource'>): StepKind {
  return kinds.find(({ resources }) => resources.includes(step.resource)) ?? otherKind;
}

/** The kinds that occur, in the order of the legend. */
export function kindsOf(steps: readonly TimelineStep[]): readonly StepKind[] {
  const used = new Set(steps.map(stepKind));
  return [...kinds, otherKind].filter((kind) => used.has(kind));
}
