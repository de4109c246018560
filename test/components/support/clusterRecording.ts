import { SwarmCluster } from '../../../components';
import type { SwarmClusterArgs } from '../../../components';
import type { PlanRolloutResult } from '../../../provider/types';
import { clusterArgs, managers, order, workers } from './declarations';
import type { Recording, Registration } from './recordedProgram';
import { recordProgram } from './recordedProgram';

/** Runs a program that declares one cluster. */
export function recordCluster(
  more: Partial<SwarmClusterArgs> = {},
  plan: Partial<PlanRolloutResult> = {},
): Promise<Recording> {
  return recordProgram(
    () => {
      new SwarmCluster('demo', clusterArgs(more));
    },
    { ...order, ...plan },
  );
}

export const allNames = [...managers, ...workers].map(({ name }) => name);

/** The links of a chain that are built, in order. */
const links = ['LabMachine', 'Engine', 'Node', 'VipMember'];

export function chainOf(recording: Recording, name: string): readonly Registration[] {
  return recording.registrations.filter(
    (each) => each.name === name && links.includes(each.type) && each.isCustom,
  );
}

/** What of other nodes a node's chain waits for. */
export function foreign(recording: Recording, name: string): readonly string[] {
  const own = new Set(['HostIdentity', ...links].map((type) => `${type} ${name}`));
  return [...new Set(chainOf(recording, name).flatMap(({ waitsFor }) => waitsFor))].filter(
    (title) => !own.has(title) && !title.startsWith('NodeImage '),
  );
}
