import { probe } from '../../demo/httpProbe';
import { lookMeanwhile } from '../lookMeanwhile';
import type { Stage } from '../stage';

/** What a client saw of the service meanwhile. */
export interface ServiceWatch {
  readonly asked: number;
  /** Outcomes other than `ok`, in order. */
  readonly failures: readonly string[];
}

const intervalMs = 200;

/**
 * Asks the service, time and again, while something is done.
 *
 * @param address - default: the virtual IP.
 */
export async function watchService(
  stage: Stage,
  work: () => Promise<void>,
  address: string = stage.cluster.vip,
): Promise<ServiceWatch> {
  const { port } = stage.cluster;
  const failures: string[] = [];
  let asked = 0;
  const look = async (): Promise<void> => {
    const { outcome } = await probe(`http://${address}:${String(port)}/`, 2000);
    if (outcome === 'skipped') return;
    asked += 1;
    if (outcome !== 'ok') failures.push(outcome);
  };
  await lookMeanwhile(work, look, intervalMs);
  return { asked, failures };
}
