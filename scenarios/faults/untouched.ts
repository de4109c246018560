import type { Stage } from '../stage';

/** All that tells whether anything of the cluster was touched. */
export async function sight(stage: Stage): Promise<unknown> {
  const nodes = await stage.nodes();
  const { docker } = await stage.host(stage.cluster.managers[0] ?? '');
  const tasks = (await docker.tasks()).filter(({ state }) => state === 'running');
  const services = await docker.services();
  const machines = await Promise.all(
    stage.nodeNames.map(async (name) => {
      const host = await stage.host(name);
      const { bootId } = await host.facts();
      const show = await host.run([
        'systemctl',
        'show',
        '--property=ActiveEnterTimestampMonotonic,MainPID',
        'docker.service',
        'keepalived.service',
      ]);
      const addresses = (await host.network.addresses()).map(({ address }) => address);
      return [name, bootId, show.stdout.trim(), addresses.includes(stage.cluster.vip)];
    }),
  );
  return {
    machines,
    nodes: nodes
      .map(({ id, hostname, role, availability }) => [hostname, id, role, availability])
      .sort(),
    tasks: tasks.map(({ id }) => id).sort(),
    services: services.map(({ id }) => id),
  };
}

/** A cluster that was just switched on still starts tasks, and elects who holds the virtual IP. */
export async function untilSettled(stage: Stage): Promise<void> {
  await stage.untilServed();
  await stage.until(
    'the service runs on every node',
    async () => {
      const { docker } = await stage.host(stage.cluster.managers[0] ?? '');
      const running = (await docker.tasks()).filter(({ state }) => state === 'running');
      return (
        running.length === stage.nodeNames.length || `${String(running.length)} of its tasks run`
      );
    },
    60,
  );
}

export async function loseState(stage: Stage): Promise<void> {
  await stage.pulumi.runOrFail(
    'stack',
    ...['rm', 'scenario', '--force', '--yes', '--preserve-config'],
  );
  await stage.pulumi.runOrFail('stack', 'init', 'scenario');
  stage.did('removed the state of the stack: its cluster runs, and no state knows of it');
}
