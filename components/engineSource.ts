import type { DockerSource, EngineSourceSpec } from '../core/engineSource';
import type { MachineKind } from './machines/machineKind';
import type { EngineSpec } from './swarmNode';

const docker: DockerSource = { kind: 'docker' };

/**
 * Where a node's engine comes from: Docker's own packages, as Docker's documentation installs them. Machines of
 * a lab share this computer's mirror of the distribution; undefined is that one.
 */
export function engineSourceOf(
  machine: MachineKind,
  engine: EngineSpec | undefined,
): EngineSourceSpec | undefined {
  return engine?.source ?? (machine.lab === undefined ? docker : undefined);
}
