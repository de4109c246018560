import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import type { Configuration, NodeConfiguration } from '../core/configuration';
import { parseConfiguration } from '../core/configuration';
import { demoCluster, type DemoCluster } from '../demo/cluster';
import type { PulumiProject } from './pulumi/pulumiProject';

const prefix = 'swarm-cluster:';

/** What a project's stack declares now. */
export interface Declared {
  readonly cluster: DemoCluster;
  /** Operating system of each node. */
  readonly os: Readonly<Record<string, string>>;
}

export function readDeclared(project: PulumiProject): Declared {
  const raw = parseDocument(readFileSync(stackFile(project), 'utf8')).toJS() as {
    readonly config: Readonly<Record<string, unknown>>;
  };
  const { os, managers, workers } = configurationOf(raw.config);
  return {
    cluster: demoCluster(raw.config),
    os: Object.fromEntries(
      [...managers, ...(workers ?? [])].map((node) => [node.name, node.os ?? os ?? '']),
    ),
  };
}

/** Changes declared nodes; one for which `change` returns undefined is no longer declared. */
export function changeNodes(
  project: PulumiProject,
  change: (node: NodeConfiguration) => NodeConfiguration | undefined,
): void {
  const file = stackFile(project);
  const document = parseDocument(readFileSync(file, 'utf8'));
  const { config } = document.toJS() as { readonly config: Readonly<Record<string, unknown>> };
  const { managers, workers } = configurationOf(config);
  for (const [key, nodes] of Object.entries({ managers, workers: workers ?? [] })) {
    const changed = nodes.map(change).filter((node) => node !== undefined);
    document.setIn(['config', `${prefix}${key}`], changed);
  }
  writeFileSync(file, document.toString());
}

/** What a key of the stack's configuration declares, e.g. `managers`; undefined when it is not there. */
export function readKey(project: PulumiProject, key: string): unknown {
  const document = parseDocument(readFileSync(stackFile(project), 'utf8'));
  const { config } = document.toJS() as { readonly config: Readonly<Record<string, unknown>> };
  return config[`${prefix}${key}`];
}

/** Declares a key of the stack's configuration as a whole; undefined takes it out. */
export function changeKey(project: PulumiProject, key: string, value: unknown): void {
  const file = stackFile(project);
  const document = parseDocument(readFileSync(file, 'utf8'));
  const path = ['config', `${prefix}${key}`];
  if (value === undefined) document.deleteIn(path);
  else document.setIn(path, value);
  writeFileSync(file, document.toString());
}

function configurationOf(config: Readonly<Record<string, unknown>>): Configuration {
  const result = parseConfiguration(
    Object.fromEntries(
      Object.entries(config).map(([key, value]) => [key.replace(prefix, ''), value]),
    ),
  );
  if ('configuration' in result) return result.configuration;
  const faults = result.failures.map(({ property, reason }) => `${property} ${reason}`);
  throw new Error(`the scenario's stack is not valid: ${faults.join('; ')}`);
}

function stackFile({ directory, stack }: PulumiProject): string {
  return join(directory, 'stacks', `Pulumi.${stack}.yaml`);
}
