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
  const config = readConfig(project);
  const { os, managers, workers } = configurationOf(config);
  return {
    cluster: demoCluster(config),
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
  const { managers, workers } = configurationOf(readConfig(project));
  for (const [key, nodes] of Object.entries({ managers, workers: workers ?? [] })) {
    const changed = nodes.map(change).filter((node) => node !== undefined);
    document.setIn(['config', `${prefix}${key}`], changed);
  }
  writeFileSync(file, document.toString());
}

/** What a key of the stack's configuration declares, e.g. `managers`; undefined when it is not there. */
export function readKey(project: PulumiProject, key: string): unknown {
  return readConfig(project)[`${prefix}${key}`];
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

function readConfig(project: PulumiProject): Readonly<Record<string, unknown>> {
  const document = parseDocument(readFileSync(stackFile(project), 'utf8'));
  const { config } = document.toJS() as { readonly config: Readonly<Record<string, unknown>> };
  return Object.fromEntries(
    Object.entries(config)
      .filter(([, value]) => !isSecret(value))
      .map(([key, value]) => [key, typed(value)] as const),
  );
}

/** Only Pulumi itself can read it, and no scenario looks at one. */
function isSecret(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'secure' in value;
}

/** `pulumi config set` writes every value as text; the program takes a boolean or a number out of it. */
function typed(value: unknown): unknown {
  return typeof value === 'string' && /^(?:true|false|\d+)$/.test(value)
    ? (JSON.parse(value) as unknown)
    : value;
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
