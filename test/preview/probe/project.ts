import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { JournalEntry } from '../../../provider/server/journal';
import { readLines } from '../callLog';
import { createProject, temporaryDirectory, type Project } from '../harness';
import { ordersFileVariable, writeOrders, type Orders } from './orders';
import type { Declaration, NodeDeclaration } from './program';

/** A project of probe nodes on the real engine. */
export interface ProbeProject extends Project {
  declareNodes(nodes: readonly NodeDeclaration[], rest?: Omit<Declaration, 'nodes'>): void;
  order(orders: Orders): void;
  journal(): readonly JournalEntry[];
  urnOf(type: string, name: string): Promise<string>;
}

export async function createProbeProject(): Promise<ProbeProject> {
  const directory = temporaryDirectory('swarm-probe-');
  const orders = join(directory, 'orders.json');
  const journal = join(directory, 'journal.jsonl');
  const project = await createProject({
    program: join(__dirname, 'program.js'),
    provider: { name: 'probe', module: join(__dirname, 'provider.js') },
    environment: { [ordersFileVariable]: orders, SWARM_JOURNAL: journal },
  });
  return {
    ...project,
    declareNodes: (nodes, rest = {}) => {
      project.declare({ nodes, ...rest } satisfies Declaration);
    },
    order: (wanted) => {
      writeOrders(orders, wanted);
    },
    journal: () => readLines<JournalEntry>(journal),
    urnOf: async (type, name) => {
      const { resources } = await project.state();
      const urn = resources.find(
        (each) => each.type === `probe:index:${type}` && each.urn.endsWith(`::${name}`),
      )?.urn;
      if (urn === undefined) {
        throw new Error(`${type} ${name} is not in the state`);
      }
      return urn;
    },
    dispose: () => {
      project.dispose();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Replacement of one node's chain: what must happen, in this order. */
export function rebuild(name: string): readonly string[] {
  return [`delete Node ${name}`, `delete Engine ${name}`, `delete Machine ${name}`, ...build(name)];
}

export function build(name: string): readonly string[] {
  return [`create Machine ${name}`, `create Engine ${name}`, `create Node ${name}`];
}

export function remove(name: string): readonly string[] {
  return [`delete Node ${name}`, `delete Engine ${name}`, `delete Machine ${name}`];
}
