import { clientSentence } from '../../demo/report/clientSentence';
import type { Stage } from '../stage';
import { watchVip, type VipSight } from './watchVip';

/** Of the balancer of `shapes.inPlace`; a node that is drained does not answer on the service’s own. */
export const balancedPort = 80;

/** Counts the requests of a client through the virtual IP while something is done, and tells of them. */
export async function countRequests(
  stage: Stage,
  what: string,
  work: () => Promise<void>,
  /** Default: that of the service itself. */
  port = stage.cluster.port,
): Promise<VipSight> {
  const { vip } = stage.cluster;
  const out = stage.pulumi.path('client.csv');
  const watch = watchVip({ url: `http://${vip}:${String(port)}/`, out });
  try {
    await work();
  } catch (error) {
    await watch.stop();
    throw error;
  }
  const sight = await watch.stop();
  stage.saw(`${what}: ${clientSentence(sight.client)}`);
  return sight;
}
