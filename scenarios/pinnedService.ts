import { createByHand, untilTasksRun } from './serviceByHand';
import type { Stage } from './stage';

const name = 'pinned';

/** Made by hand, with tasks that fit some nodes only. Returns its ID. */
export async function runPinnedService(
  stage: Stage,
  constraint: string,
  replicas: number,
): Promise<string> {
  const id = await createByHand(stage, { name, mode: { replicas }, constraints: [constraint] });
  stage.did(
    `created the service ${name} by hand, with ${String(replicas)} replicas and ${constraint}`,
  );
  await untilTasksRun(stage, 'its replicas run', id, replicas);
  return id;
}
