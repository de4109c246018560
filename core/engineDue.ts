import { z } from 'zod';
import { engineSourceSchema, type EngineSourceSpec } from './engineSource';

/** The engine that nodes get, if they are replaced. */
export interface EngineDue {
  readonly nodes: readonly string[];
  /** Of an engine that is installed under another OS nothing can be brought near; undefined: whatever the host has. */
  readonly os?: string | undefined;
  /** Undefined: the newest of its source. */
  readonly version?: string | undefined;
  readonly source: EngineSourceSpec;
}

const schema = z.array(
  z.strictObject({
    nodes: z.array(z.string()),
    os: z.string().optional(),
    version: z.string().optional(),
    source: engineSourceSchema,
  }),
);

export function isEnginesDue(value: unknown): value is readonly EngineDue[] {
  return schema.safeParse(value).success;
}

/** Nodes of the same wish together: what is told is one text for all nodes. */
export function enginesDue(
  nodes: readonly (Omit<EngineDue, 'nodes'> & { readonly name: string })[],
): readonly EngineDue[] {
  const groups = new Map<string, EngineDue>();
  for (const { name, ...wish } of nodes) {
    const key = JSON.stringify(wish);
    groups.set(key, { ...wish, nodes: [...(groups.get(key)?.nodes ?? []), name] });
  }
  return [...groups.values()];
}

/** What a node gets; undefined: nothing that could be brought near. */
export function engineDueOf(
  engines: readonly EngineDue[] | undefined,
  name: string,
): EngineDue | undefined {
  return engines?.find(({ nodes }) => nodes.includes(name));
}
