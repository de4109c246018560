import { defaultSource, type EngineSourceSpec } from './engineSource';
import { fnv1a } from './fnv1a';

/** What the machines of a lab are made from: an OS with what a node needs on top of it. */
export interface NodeImageSpec {
  /** Operating system, e.g. `debian:13`. */
  readonly os: string;
  /** Engine version, e.g. `26.1.5`, or its leading parts. Default: the newest of its source. */
  readonly version?: string;
  /** Where the engine comes from. Default: the distribution. */
  readonly source?: EngineSourceSpec;
  /** Packages of the OS beside the engine, e.g. `keepalived`. */
  readonly packages: readonly string[];
}

/**
 * Name of an image by what it is made of, e.g. `debian-13-engine-26.1.5-0123456789abcdef`: other content is
 * another image, and stands beside the one before.
 */
export function nodeImageName({ os, version, source, packages }: NodeImageSpec): string {
  const content = [os, version ?? '', source ?? defaultSource, [...packages].sort()];
  const engine = version === undefined ? 'engine' : `engine-${version}`;
  return `${os.replace(/[^a-z0-9.]/gi, '-')}-${engine}-${fnv1a(JSON.stringify(content))}`;
}

/** Services that a machine made from an image does not start by itself: each waits for its configuration. */
export const dormantUnits: readonly string[] = [
  'docker.service',
  'docker.socket',
  'keepalived.service',
  'haproxy.service',
];
