import type { SwarmNodeFacts } from '../facts';
import { isRecord } from '../isRecord';
import { isOlderEngine } from '../engineVersion';
import { plainEngineVersion } from '../parse/engineVersion';
import type { StackService } from './stackPlan';

/**
 * Source: moby `daemon/cluster/convert/container.go`: older ones forget `VolumeOptions.Subpath` without a word, the
 * manager that is told of the service and the node that runs the task alike.
 */
const firstWithSubpaths = '26.1.0';

/** A service whose tasks would get a whole volume in place of the part that was declared, as sentences. */
export function forgottenSubpaths(
  { key, body }: StackService,
  fitting: readonly SwarmNodeFacts[],
  nodes: readonly SwarmNodeFacts[],
): readonly string[] {
  const { Mounts = [] } = body.TaskTemplate.ContainerSpec as {
    readonly Mounts?: readonly unknown[];
  };
  const subpaths = Mounts.flatMap((mount) => {
    const options = isRecord(mount) ? mount['VolumeOptions'] : undefined;
    return isRecord(options) && typeof options['Subpath'] === 'string' ? [options['Subpath']] : [];
  });
  const old = nodes.filter(
    (node) =>
      (node.role === 'manager' || fitting.includes(node)) &&
      isOlderEngine(plainEngineVersion(node.engineVersion), firstWithSubpaths),
  );
  if (subpaths.length === 0 || old.length === 0) return [];
  const names = old.map(({ hostname, engineVersion }) => `${hostname} ${engineVersion}`).join(', ');
  return [
    `services.${key} mounts ${subpaths.join(', ')} of a volume, and engines before ${firstWithSubpaths} (${names}) forget a subpath: its tasks would get the whole volume; give these nodes a newer engine first, or mount the whole volume`,
  ];
}
