import { nextOs, shapes } from '../clusterShape';
import type { Scenario } from '../scenario';
import type { Stage } from '../stage';

/** All ways to choose three of five. */
const trios = (names: readonly string[]): readonly (readonly string[])[] =>
  names.flatMap((a, i) =>
    names.slice(i + 1).flatMap((b, j) => names.slice(i + j + 2).map((c) => [a, b, c])),
  );

export const chainOfFive: Scenario = {
  name: 'chain-of-five',
  number: 8,
  title:
    'five managers, each joined by the one before it; the first deleted, rebuilt with another OS and joined by the second; all off, any three on',
  holds:
    'any three of the five are a working swarm, the same one: each of them lists the nodes, names one leader, and a change is accepted',
  shape: shapes.oneManager,
  run: async (stage) => {
    const names = ['m1', 'm2', 'm3', 'm4', 'm5'];
    const addresses = addressesFrom(stage.cluster.addresses['m1'] ?? '', names);
    const idBefore = await stage.clusterId();
    // A node joins by the first manager of the list that is in control: the one before it stands first.
    for (const count of [2, 3, 4, 5]) {
      const [last, ...others] = names.slice(0, count).reverse();
      await declareManagers(stage, addresses, [...others, last ?? '']);
    }
    await stage.untilAsDeclared();
    await declareManagers(stage, addresses, ['m2', 'm3', 'm4', 'm5', 'm1'], { m1: nextOs });
    await stage.untilAsDeclared();
    const joinedBy: Record<string, string | undefined> = {};
    for (const name of names) joinedBy[name] = await contactOf(stage, name);
    stage.checkEqual(
      joinedBy,
      { m1: 'm2', m2: 'm1', m3: 'm2', m4: 'm3', m5: 'm4' },
      'by their own records m2 joined by m1, m3 by m2, m4 by m3, m5 by m4, and m1 by m2 when it was rebuilt',
    );
    stage.checkEqual(await stage.clusterId(), idBefore, 'it is the same swarm');

    const quiet = stage.aside();
    for (const on of trios(names)) {
      const began = performance.now();
      await Promise.all(names.map((name) => quiet.powerOff(name)));
      await Promise.all(on.map((name) => quiet.powerOn(name)));
      await untilSwarmOf(quiet, on, names, idBefore);
      const seconds = ((performance.now() - began) / 1000).toFixed(0);
      stage.did(`cut the power of all five, and powered ${on.join(', ')} on`);
      stage.saw(
        `${on.join(', ')} are a working swarm, and the service answers through the virtual IP, after ${seconds} s`,
      );
    }
    for (const name of names) await stage.powerOn(name);
    await stage.untilAsDeclared();
    await stage.checkNothingPending();
  },
};

function addressesFrom(first: string, names: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.map((name, index) => [
      name,
      first.replace(/\d+$/, (last) => String(Number(last) + index)),
    ]),
  );
}

async function declareManagers(
  stage: Stage,
  addresses: Readonly<Record<string, string>>,
  names: readonly string[],
  os: Readonly<Record<string, string>> = {},
): Promise<void> {
  const managers = names.map((name) => ({
    name,
    address: addresses[name],
    ...(os[name] === undefined ? {} : { os: os[name] }),
  }));
  const changed = Object.entries(os).map(([name, its]) => `, ${name} with ${its}`);
  stage.declare('managers', managers, `declared managers ${names.join(', ')}${changed.join('')}`);
  await stage.runToTheEnd('up');
}

/** The manager that a node joined by, from what its own engine keeps. */
async function contactOf(stage: Stage, name: string): Promise<string | undefined> {
  const text = await (await stage.host(name)).files.read('/var/lib/docker/swarm/docker-state.json');
  const { RemoteAddr } = JSON.parse(text ?? '{}') as { RemoteAddr?: string };
  const address = RemoteAddr?.replace(/:2377$/, '');
  return Object.entries(stage.cluster.addresses).find(([, its]) => its === address)?.[0];
}

/** Each of them, at its own socket, names the same leader and all five; and a write goes through. */
async function untilSwarmOf(
  stage: Stage,
  on: readonly string[],
  all: readonly string[],
  clusterId: string,
): Promise<void> {
  for (const name of on) {
    await stage.until(
      `${name} is in control of the swarm`,
      async () => {
        const { docker } = await stage.host(name);
        const info = await docker.info();
        if (!info.isControlAvailable || info.error !== '') return `it is not: ${info.error}`;
        if (info.clusterId !== clusterId) return `it is in swarm ${String(info.clusterId)}`;
        const members = (await docker.nodes()).filter(
          ({ managerStatus }) => managerStatus !== undefined,
        );
        const reachable = members.filter(
          ({ managerStatus }) => managerStatus?.reachability === 'reachable',
        );
        const names = reachable.map(({ hostname }) => hostname).sort();
        if (members.length !== all.length) return `it has ${members.length} members`;
        if (!on.every((each) => names.includes(each))) return `it reaches ${names.join(', ')}`;
        return members.some(({ managerStatus }) => managerStatus?.isLeader === true) || 'no leader';
      },
      150,
    );
  }
  const [first] = on;
  const marker = on.join('-');
  const { docker } = await stage.host(first ?? '');
  await stage.until(
    'a change is accepted, and every one of them knows it',
    async () => {
      await docker.setSwarmLabels({ scenario: marker });
      for (const name of on) {
        const { labels } = await (await stage.host(name)).docker.swarm();
        if (labels['scenario'] !== marker) return `${name} does not know it`;
      }
      return true;
    },
    60,
  );
  await stage.untilServed(90);
}
