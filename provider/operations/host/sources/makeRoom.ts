import {
  clearance,
  knownPackages,
  parseSourceNote,
  renderSourceNote,
  sourceNotePath,
  type EngineSourceSpec,
  type SourceNote,
} from '../../../../core/engineSource';
import { SwarmError } from '../../../../core/errors';
import { packageKind } from '../../../../core/packageKind';
import type { Host } from '../../../../effects/effects';
import type { SourceContext } from './engineSource';
import { formerSource } from './sources';

/** What is in the way of an engine, and what was noted of the one before. */
interface Room {
  readonly note: SourceNote | undefined;
  readonly remove: readonly string[];
}

/**
 * What `makeRoom` would take away of packages; nothing is touched.
 *
 * @throws SwarmError `EngineOfAnother` when an engine is there that is not ours.
 */
export async function roomFor(
  { name, host, spec }: SourceContext,
  packages: readonly string[],
): Promise<Room> {
  const note = parseSourceNote(await host.files.read(sourceNotePath));
  const installed = spec.kind === 'preinstalled' ? [] : await installedOf(host, knownPackages);
  const { remove, strangers } = clearance(packages, note?.packages ?? [], installed);
  if (strangers.length === 0) return { note, remove };
  throw new SwarmError(
    'EngineOfAnother',
    `${name}: ${strangers.join(', ')} is installed there, and not by this package; nothing was touched; declare the \`source\` that it comes from, or remove it on the host (images and volumes stay)`,
    { source: 'user' },
  );
}

/**
 * Takes away what a former source of ours has put on the host and the wanted one would clash with, and
 * notes the wanted one: before it is installed, so that a run that is killed knows it too. The engine is
 * stopped; /var/lib/docker is not touched.
 *
 * @throws SwarmError `EngineOfAnother` when an engine is there that is not ours.
 */
export async function makeRoom(context: SourceContext, packages: readonly string[]): Promise<void> {
  const { host, spec } = context;
  const { note, remove } = await roomFor(context, packages);
  if (note !== undefined && note.kind !== spec.kind) {
    if (spec.kind === 'preinstalled') {
      const held = await installedOf(host, note.packages);
      if (held.length > 0) await host.packages.unhold(held);
    }
    // An engine that is said to be there already may be the very one that we have unpacked.
    if (spec.kind !== 'preinstalled' || note.kind !== 'static') {
      await formerSource(context, note.kind)?.withdraw();
    }
  }
  await host.packages.remove(...remove);
  await noteSource(host, spec, packages);
}

/** Writes down what a source has put, or is about to put, on the host. */
export function noteSource(
  host: Host,
  { kind }: EngineSourceSpec,
  packages: readonly string[],
): Promise<void> {
  return host.files.write(sourceNotePath, renderSourceNote({ kind, packages }), { mode: 0o600 });
}

async function installedOf(host: Host, names: readonly string[]): Promise<readonly string[]> {
  if (packageKind(await host.facts()) === undefined) return [];
  const versions = await Promise.all(names.map((name) => host.packages.installed(name)));
  return names.filter((_, index) => versions[index] !== undefined);
}
