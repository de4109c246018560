import { errorMessage } from '../../../core/errors';
import type { SwarmObjectFacts } from '../../../core/facts';
import type { StackPlan } from '../../../core/stack/stackPlan';
import { DockerApiError, type DockerApi } from '../../../effects/docker';
import type { Operation } from '../../server/resource';
import { askManager, type SwarmAccess } from '../ask/managers';
import { isTimedOut, waitUntil } from '../ask/waitUntil';
import { gone } from './applyStack';
import { isOurs, type StackOwner } from './stackObjects';

/** How long the tasks of a removed service may hold on to what they use: their stop grace, mostly. */
const releaseSeconds = 120;

/**
 * Removes the configs, secrets and networks of a stack that its plan has no more; all of them without a
 * plan. What somebody else uses stays, with a warning.
 */
export async function pruneStack(
  operation: Operation,
  access: SwarmAccess,
  owner: StackOwner,
  plan: StackPlan | undefined,
): Promise<void> {
  const kept = new Set(
    [plan?.networks, plan?.configs, plan?.secrets].flatMap((objects) =>
      (objects ?? []).map(({ name }) => name),
    ),
  );
  const found = await askManager(operation, access, async ({ docker }) => {
    const [configs, secrets, networks] = await Promise.all([
      docker.configs(),
      docker.secrets(),
      docker.overlayNetworks(),
    ]);
    return { config: configs, secret: secrets, network: networks };
  });
  for (const kind of ['config', 'secret', 'network'] as const) {
    for (const object of found[kind]) {
      if (isOurs(owner, object.labels) && !kept.has(object.name)) {
        await remove(operation, access, kind, object);
      }
    }
  }
}

const removals = {
  config: (docker: DockerApi, id: string) => docker.removeConfig(id),
  secret: (docker: DockerApi, id: string) => docker.removeSecret(id),
  network: (docker: DockerApi, id: string) => docker.removeNetwork(id),
};

async function remove(
  operation: Operation,
  access: SwarmAccess,
  kind: keyof typeof removals,
  { id, name }: SwarmObjectFacts,
): Promise<void> {
  const left = (why: string): void => {
    operation.log('warning', `${kind} ${name} was left in the swarm: ${why}`);
  };
  await operation.step(`remove ${kind} ${name}`, async () => {
    try {
      await waitUntil(operation, `${kind} ${name}`, releaseSeconds, () =>
        askManager(operation, access, async ({ docker }) => {
          const why = kind === 'network' ? await whyNotFree(docker, id) : undefined;
          if (why !== undefined) return why;
          try {
            await gone(removals[kind](docker, id));
          } catch (error) {
            if (
              !(error instanceof DockerApiError) ||
              !/in use|active endpoints/.test(error.message)
            ) {
              throw error;
            }
            // A task ends by itself; a service that is not ours does not.
            if (!/in use by (?:the following )?service/.test(error.message)) return error.message;
            left(error.message);
            return true;
          }
          return kind !== 'network' || (await isNotListed(docker, id)) || 'it is still listed';
        }),
      );
    } catch (error) {
      if (!isTimedOut(error)) throw error;
      left(errorMessage(error));
    }
  });
}

/** The swarm lets a network go while tasks of removed services are still on it; they are waited for. */
async function whyNotFree(docker: DockerApi, id: string): Promise<string | undefined> {
  const [services, tasks] = await Promise.all([docker.services(), docker.tasks()]);
  const left = tasks.filter(
    ({ serviceId, networks }) =>
      networks?.includes(id) === true && !services.some((service) => service.id === serviceId),
  ).length;
  return left === 0 ? undefined : `${String(left)} task${left === 1 ? '' : 's'} still on it`;
}

/** An engine goes on to list a network for a moment, and refuses a new one of its name. */
async function isNotListed(docker: DockerApi, id: string): Promise<boolean> {
  return !(await docker.overlayNetworks()).some((network) => network.id === id);
}
