import type { EngineDue } from '../../../core/engineDue';
import { parseSourceNote, sourceNotePath } from '../../../core/engineSource';
import { versionWithin } from '../../../core/engineVersion';
import { isSeen } from '../../../core/facts';
import type { Host } from '../../../effects/effects';
import { ofProcess } from '../../server/ofProcess';
import type { Operation } from '../../server/resource';
import { look } from '../gate/gatherGateFacts';
import { fetchEngine } from './engineSetup';

/** What this run has brought near. */
const broughtIn = ofProcess(() => new Set<string>());

/**
 * Of a node that is about to be replaced on its machine: the engine it gets is brought near while it still serves, so
 * that what its source lacks is found before anything is touched, by whichever link of its chain goes first. Nothing
 * where its engine stays, or is down, or another link has asked.
 *
 * @throws SwarmError `EngineVersionMissing`, `PackageUnfit` and others of its source; nothing was touched.
 */
export async function fetchEngineDue(
  operation: Operation,
  host: Host,
  name: string,
  due: EngineDue,
): Promise<void> {
  const { os, version, source } = due;
  const brought = broughtIn(operation);
  const key = JSON.stringify([host.description, due]);
  if (brought.has(key)) return;
  if (source.kind === 'preinstalled') return;
  if (os !== undefined && (await host.facts()).os !== os) return;
  const runs = await look(() => host.docker.version());
  if (!isSeen(runs)) return;
  const noted = parseSourceNote(await host.files.read(sourceNotePath))?.kind;
  const isThere = version === undefined || versionWithin(runs.seen, version);
  if (isThere && noted === source.kind && source.kind !== 'static') return;
  await fetchEngine(operation, host, {
    ...{ name, source },
    ...(version === undefined ? {} : { version }),
  });
  brought.add(key);
}
