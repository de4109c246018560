import type { TaskFacts } from '../../core/facts';
import { runsNow } from '../../core/services';
import { lookMeanwhile } from '../lookMeanwhile';
import type { Stage } from '../stage';

const intervalMs = 500;

/** What was seen of a service's tasks, time and again. */
export interface ReplicaSight {
  readonly samples: number;
  /** Fewest tasks that ran at one look. */
  readonly least: number;
}

/** Tasks of a service that run and are to go on, by a manager that answers. */
export async function runningTasks(stage: Stage, service: string): Promise<readonly TaskFacts[]> {
  const { docker } = await stage.host(await stage.leader());
  const [services, tasks, nodes] = await Promise.all([
    docker.services(),
    docker.tasks(),
    docker.nodes(),
  ]);
  const id = services.find(({ name }) => name === service)?.id;
  return tasks.filter((task) => task.serviceId === id && runsNow(task, nodes));
}

/** Counts the running tasks of a service while something is done. A look that fails is no sample. */
export async function watchReplicas(
  stage: Stage,
  service: string,
  work: () => Promise<void>,
): Promise<ReplicaSight> {
  let samples = 0;
  let least = Infinity;
  const look = async (): Promise<void> => {
    const running = await runningTasks(stage, service).catch(() => undefined);
    if (running === undefined) return;
    samples += 1;
    least = Math.min(least, running.length);
  };
  await lookMeanwhile(work, look, intervalMs);
  return { samples, least };
}
