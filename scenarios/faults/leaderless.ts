import type { Stage } from '../stage';

/** As a condition to wait for: the manager is in a swarm, and sees no leader of it. */
export async function leaderless(stage: Stage, name: string): Promise<true | string> {
  const info = await (await stage.host(name)).docker.info();
  const isManager = info.isControlAvailable && info.clusterId === undefined;
  return (isManager && info.error !== '') || `it is ${info.localNodeState}: ${info.error}`;
}

/** What `recoverFrom` must be, as preview names it, where one of three managers is left. */
export async function wayOut(stage: Stage, survivor: string): Promise<string> {
  const { exitCode, output } = await stage.run('preview');
  stage.check(
    exitCode !== 0 && output.includes('the quorum of the managers is lost: 1 of 3'),
    'preview fails and says that the quorum is lost',
    output,
  );
  const [, from = ''] = new RegExp(`recoverFrom (${survivor}@[0-9a-f]{16})\``).exec(output) ?? [];
  stage.check(from !== '', 'preview names the way out, with its token', output);
  return from;
}
