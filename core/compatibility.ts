import type { EngineRange } from './engineRange';

/** What is known of some engines, beside others or alone. */
export interface CompatibilityRow {
  readonly engines: readonly EngineRange[];
  /** What happens with them. */
  readonly fact: string;
  /** What this package does about it. */
  readonly answer: string;
  /** Where that is written down, or where it was seen. */
  readonly sources: readonly string[];
}

/** Engines that nobody should get. */
export interface KnownBadRow extends CompatibilityRow {
  readonly verdict: 'refuse' | 'warn';
  /** What to take instead, after "take". */
  readonly instead: string;
}

const seenInLab = 'scenario `mixed-versions`';

/**
 * What engines of different versions are to each other in one swarm. The page docs/engine.md shows these rows,
 * and a test compares the two.
 */
export const compatibility = {
  alpnEnforced: {
    engines: [{ from: '28.0.0' }],
    fact: 'to join, and to become a manager later, they need a manager that offers ALPN; else: `cannot check peer: missing selected ALPN property`, or a promotion that never ends',
    answer:
      'they ask managers that offer it first; where none does, they are told to do without it until they have joined, and a promotion is refused',
    sources: [
      'https://github.com/grpc/grpc-go/issues/434',
      'https://github.com/moby/swarmkit/pull/3189',
    ],
  },
  alpnLost: {
    engines: [{ below: '25.0.12' }, { from: '26.0.0', below: '28.0.0' }],
    fact: 'as managers they offer ALPN from the start of their daemon until their certificate changes (a promotion, a renewal, another CA), and then no more until it starts again',
    answer: 'each of them is asked whether it offers it, in the plan and before each join',
    sources: ['https://github.com/moby/swarmkit/pull/3189'],
  },
  staleSnapshots: {
    engines: [{ below: '23.0.0' }],
    fact: 'as leaders they send new managers their last snapshot, with the members of that time',
    answer: 'snapshots are taken at every entry while an engine from 23.0.0 on becomes a manager',
    sources: ['https://github.com/etcd-io/etcd/pull/13741', 'docs/decisions/0011'],
  },
  ignoresStaleSnapshots: {
    engines: [{ from: '23.0.0' }],
    fact: 'as new managers they ignore a snapshot that does not list them, and stay without a log',
    answer: 'see above',
    sources: ['https://github.com/etcd-io/etcd/pull/13741', 'docs/decisions/0011'],
  },
  minimumApi: {
    engines: [{ from: '29.0.0', below: '29.3.0' }],
    fact: 'they speak no API older than 1.44, and engines before 25.0.0 none so new',
    answer:
      'the version is negotiated with each engine; other clients on the node may need `min-api-version` in `engine.daemon`',
    sources: ['https://docs.docker.com/engine/release-notes/29/'],
  },
  goingBack: {
    engines: [{ from: '20.10.0', below: '29.0.0' }],
    fact: 'one can follow a newer one on its machine: the node joins anew, its images and volumes are read by the older engine; Docker promises nothing for it',
    answer:
      'a warning; every other way back is refused, but within a release and on a machine that is rebuilt',
    sources: ['scenario `engine-by-hand`', 'https://docs.docker.com/engine/storage/containerd/'],
  },
  sideBySide: {
    engines: [{ from: '20.10.0', below: '29.0.0' }],
    fact: 'they were managers of one swarm, in which the leader’s engine serves what others ask',
    answer:
      'nothing during a roll; a warning where managers are declared to stay on different releases, and where one is outside of this range',
    sources: [seenInLab, 'https://github.com/docker/cli/issues/2875'],
  },
} as const satisfies Record<string, CompatibilityRow>;

/** Engines with faults of their own, worst first. */
export const knownBad: readonly KnownBadRow[] = [
  {
    engines: [{ from: '28.0.0', below: '28.0.1' }],
    fact: 'published ports of swarm services are not reached: the rules of the ingress network are in the wrong order',
    answer: 'refused',
    verdict: 'refuse',
    instead: '28.0.1 or later',
    sources: ['https://github.com/moby/moby/pull/49538'],
  },
  {
    engines: [{ from: '17.9.0', below: '18.0.0' }],
    fact: 'the ingress network is broken while managers of 17.09 and 17.12 are in one swarm',
    answer: 'refused',
    verdict: 'refuse',
    instead: '20.10 or later',
    sources: ['https://github.com/moby/moby/issues/35941'],
  },
  {
    engines: [{ from: '29.0.0', below: '29.7.3' }],
    fact: 'names of services on a node that vanished for some seconds are not found afterwards, until `docker service update --force`',
    answer: 'a warning; nodes that this package takes out leave first, and do not cause it',
    verdict: 'warn',
    instead: 'a release whose notes name moby#53141',
    sources: ['https://github.com/moby/moby/issues/53141'],
  },
];
