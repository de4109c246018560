import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { isWithin } from '../../core/addresses';
import { overlayProbePort } from '../../core/overlay';
import { steps } from '../../core/steps';
import type { ServiceSpec } from '../../core/service';
import type { ServiceFacts, TaskFacts } from '../../core/facts';
import { moveLabel, moveProgress, movingOff, takenBack } from '../../core/moves';
import { whyNotConverged } from '../../core/services';
import { errorMessage } from '../../core/errors';
import { DockerApiError } from '../../effects/docker';
import type { NodeFilter } from '../../effects/docker';
import type { ContractHosts } from './contractHosts';
import {
  comesBack,
  copyImage,
  findNode,
  hasControl,
  hasNoRaftLog,
  ingressOf,
  initSwarm,
  isMember,
  isReady,
  joinAs,
  joinWithToken,
  loseForGood,
  nodeOf,
  outOfRaftForGood,
  overlayAnswers,
  membersAre,
  ownId,
  pauseService,
  refuses,
  startEngine,
  stopEngine,
  tasksRunOn,
} from './contractSteps';
import { seesHandChanges } from './handChanges';
import { joinAsNode } from './joinAsNode';
import { buildExitImage, buildPauseImage, pauseReference } from './pauseImage';
import { stackContract } from './stack.contract';
import { eventually } from './waiting';

/**
 * What the fake world and real engines must both do: one story of three machines, from "no swarm" to
 * "no swarm". Each step begins where the one before ended, since real machines are dear; the first that
 * fails is the one to read.
 */
export function dockerApiContract(
  title: string,
  setUp: () => Promise<ContractHosts>,
  tearDown: () => Promise<void>,
): void {
  describe(title, { concurrency: 1 }, () => {
    let hosts: ContractHosts;
    let machines: ContractHosts;
    let folder: string;
    let serviceId: string;
    before(async () => {
      folder = await mkdtemp(join(tmpdir(), 'swarm-contract-'));
      machines = await setUp();
      hosts = machines;
    });
    after(async () => {
      await tearDown();
      await rm(folder, { recursive: true, force: true });
    });

    const wait = (
      seconds: number,
      what: string,
      condition: () => Promise<string | undefined>,
    ): Promise<void> => eventually(hosts.effects.clock, seconds, what, condition);

    it('outside a swarm: says so, and refuses cluster calls and leave', async () => {
      const { docker } = hosts.a;
      const info = await docker.info();
      assert.equal(info.localNodeState, 'inactive');
      assert.equal(info.nodeId, '');
      assert.equal(info.isControlAvailable, false);
      assert.equal(info.clusterId, undefined);
      assert.equal(info.engineVersion, await docker.version());
      await refuses(
        docker.nodes(),
        503,
        /This node is not a swarm manager\. Use "docker swarm init"/,
      );
      await refuses(docker.node('x'), 503, /This node is not a swarm manager/);
      await refuses(docker.swarmLeave({ force: false }), 503, /This node is not part of a swarm/);
    });

    it('init: one manager that leads, with the labels given; not twice', async () => {
      const { docker, address } = hosts.a;
      const nodeId = await initSwarm(hosts.a);
      const info = await docker.info();
      assert.equal(info.nodeId, nodeId);
      assert.equal(info.nodeAddress, address);
      assert.equal(info.localNodeState, 'active');
      assert.equal(info.isControlAvailable, true);
      assert.equal(info.managers, 1);
      assert.equal(info.error, '');
      const swarm = await docker.swarm();
      assert.equal(swarm.clusterId, info.clusterId);
      assert.deepEqual(swarm.labels, { purpose: 'contract' });
      assert.deepEqual(swarm.addressPools, ['10.20.0.0/16']);
      assert.equal(swarm.subnetSize, 26);
      const [node, ...others] = await docker.nodes();
      assert.equal(others.length, 0);
      assert.equal(node?.id, nodeId);
      assert.deepEqual(node.managerStatus, {
        isLeader: true,
        reachability: 'reachable',
        address: `${address}:2377`,
      });
      assert.deepEqual(await docker.node(nodeId), node);
      // A name, the beginning of an ID, and nothing are no IDs.
      for (const none of [node.hostname, nodeId.slice(0, 10), 'x'.repeat(25), '']) {
        assert.equal(await docker.node(none), undefined);
      }
      await refuses(initSwarm(hosts.a), 503, /This node is already part of a swarm/);
    });

    it('swarm labels are merged', async () => {
      await hosts.a.docker.setSwarmLabels({ allow: 'yes' });
      await hosts.a.docker.setSwarmLabels({ allow: 'no' });
      const { labels } = await hosts.a.docker.swarm();
      assert.deepEqual(labels, { purpose: 'contract', allow: 'no' });
    });

    it('the last manager can be neither demoted nor leave without force', async () => {
      const { docker } = hosts.a;
      await refuses(
        docker.updateNode(await ownId(hosts.a), { role: 'worker' }),
        400,
        /attempting to demote the last manager of the swarm/,
      );
      await refuses(
        docker.swarmLeave({ force: false }),
        503,
        /Removing the last manager erases all current state of the swarm/,
      );
    });

    it('join with a wrong token is refused and leaves the engine outside', async () => {
      const token = await hosts.a.docker.joinToken('worker');
      const wrong = token.slice(0, -3) + (token.endsWith('aaa') ? 'bbb' : 'aaa');
      await refuses(
        joinWithToken(hosts.b, hosts.a, wrong),
        400,
        /A valid join token is necessary to join this cluster/,
      );
      await refuses(joinWithToken(hosts.b, hosts.a, 'nonsense'), 500, /invalid join token/);
      await wait(30, 'b outside again', async () => {
        const info = await hosts.b.docker.info();
        return info.localNodeState === 'inactive' ? undefined : info.localNodeState;
      });
    });

    it('join as a drained worker: no control, and the two refusals of workers', async () => {
      await joinAs(hosts.b, hosts.a, 'worker');
      const info = await hosts.b.docker.info();
      assert.equal(info.localNodeState, 'active');
      assert.equal(info.isControlAvailable, false);
      assert.equal(info.clusterId, undefined);
      const node = await nodeOf(hosts.a, hosts.b);
      assert.equal(node.role, 'worker');
      assert.equal(node.availability, 'drain');
      assert.equal(node.managerStatus, undefined);
      assert.equal(node.address, hosts.b.address);
      assert.equal(node.hostname, hosts.b.name);
      assert.equal(node.engineVersion, info.engineVersion);
      await refuses(
        hosts.b.docker.nodes(),
        503,
        /Worker nodes can't be used to view or modify cluster state/,
      );
      await refuses(
        joinAs(hosts.b, hosts.a, 'worker'),
        503,
        /This node is already part of a swarm/,
      );
    });

    it('the ingress network: on every node, drained or not; packets pass both ways, unless the data path drops them', async () => {
      assert.equal(await hosts.c.docker.ingressNetwork(), undefined);
      await assert.rejects(hosts.c.host.network.probeFromIngress('10.20.0.2', overlayProbePort), {
        code: 'ProbeFailed',
      });
      await wait(30, 'both answer', () => overlayAnswers(hosts.a, hosts.b));
      const [a, b] = await Promise.all([hosts.a, hosts.b].map((each) => ingressOf(each)));
      assert.equal(a?.id, b?.id);
      assert.ok(isWithin(a?.address ?? '', '10.20.0.0/26'), a?.address);
      assert.notEqual(a?.address, b?.address);
      const both = [hosts.a.address, hosts.b.address].sort();
      assert.deepEqual([...(a?.peers ?? [])].sort(), both);
      assert.deepEqual([...(b?.peers ?? [])].sort(), both);
      const fromA = hosts.a.host.network;
      const toB = b?.address ?? '';
      assert.deepEqual(await fromA.probeLargeFromIngress(toB, overlayProbePort), {
        ...{ answer: 'refused', mtu: 1450 },
      });
      await hosts.b.setLargestPacket(1_400);
      try {
        assert.equal(await fromA.probeFromIngress(toB, overlayProbePort), 'refused');
        const large = await fromA.probeLargeFromIngress(toB, overlayProbePort);
        assert.equal(large.answer, 'silent');
      } finally {
        await hosts.b.setLargestPacket(1_500);
      }
      const ingress = (await hosts.a.docker.overlayNetworks()).find(({ isIngress }) => isIngress);
      assert.deepEqual(ingress, {
        ...{ id: a?.id, name: 'ingress', labels: {}, subnets: ['10.20.0.0/26'], isIngress: true },
      });
      for (const blocked of [hosts.a, hosts.b]) {
        await blocked.setDataPath(false);
        try {
          // What is asked or its answer is dropped, whichever side it begins at.
          assert.match((await overlayAnswers(hosts.a, hosts.b)) ?? '', /^a: silent, b: silent$/);
          // Gossip has told of it, which is another matter.
          assert.equal(await fromA.knowsFromIngress(toB), true);
          await fromA.probeFromIngress('10.20.0.60', overlayProbePort);
          assert.equal(await fromA.knowsFromIngress('10.20.0.60'), false);
        } finally {
          await blocked.setDataPath(true);
        }
        await wait(30, 'both answer again', () => overlayAnswers(hosts.a, hosts.b));
      }
    });

    it('a ready node is not removed; an unknown one is not found', async () => {
      await wait(30, 'b ready', () => isReady(hosts.a, hosts.b));
      const { docker } = hosts.a;
      await refuses(
        docker.removeNode(await ownId(hosts.b), { force: false }),
        400,
        /is not down and can't be removed/,
      );
      await refuses(
        docker.removeNode('nosuchnode', { force: true }),
        404,
        /node nosuchnode not found/,
      );
      await refuses(docker.updateNode('nosuchnode', { role: 'worker' }), 404, /not found/);
    });

    it('join as manager: a raft member at once, not removable even by force', async () => {
      await joinAs(hosts.c, hosts.a, 'manager');
      await wait(30, 'c a reachable member', () => isMember(hosts.a, hosts.c));
      assert.equal((await hosts.c.docker.info()).isControlAvailable, true);
      await refuses(
        hosts.a.docker.removeNode(await ownId(hosts.c), { force: true }),
        400,
        /is a cluster manager and is a member of the raft cluster\. It must be demoted to worker before removal/,
      );
      await refuses(
        hosts.c.docker.swarmLeave({ force: false }),
        503,
        /You are attempting to leave the swarm on a node that is participating as a manager\. .*Removing this node leaves 1 managers out of 2/,
      );
    });

    it('promote: member and control follow the desired role', async () => {
      await hosts.a.docker.updateNode(await ownId(hosts.b), { role: 'manager' });
      await wait(60, 'b a reachable member', () => isMember(hosts.a, hosts.b));
      await wait(60, 'b in control', () => hasControl(hosts.b, true));
      assert.equal((await hosts.b.docker.info()).managers, 3);
      assert.deepEqual(
        (await hosts.b.docker.nodes()).map((node) => node.id).sort(),
        (await hosts.a.docker.nodes()).map((node) => node.id).sort(),
      );
    });

    it('the managers alone: every member of raft, also one that is on its way out, and no worker', async () => {
      const { docker } = hosts.a;
      const ids = async (filter?: { readonly role: 'manager' }): Promise<string[]> =>
        (await docker.nodes(filter))
          .filter(({ managerStatus }) => managerStatus !== undefined || filter !== undefined)
          .map(({ id }) => id)
          .sort();
      assert.deepEqual(await ids({ role: 'manager' }), await ids());
      await docker.updateNode(await ownId(hosts.b), { role: 'worker' });
      await wait(60, 'b no manager', async () => {
        const listed = await ids({ role: 'manager' });
        // Asked after the list: a member now was one then.
        const { id, managerStatus } = await nodeOf(hosts.a, hosts.b);
        if (managerStatus !== undefined) assert.ok(listed.includes(id));
        return listed.includes(id) ? 'it is still listed' : undefined;
      });
      await wait(60, 'b without control', () => hasControl(hosts.b, false));
      await docker.updateNode(await ownId(hosts.b), { role: 'manager' });
      await wait(60, 'b a member again', () => isMember(hosts.a, hosts.b));
      await wait(60, 'b in control again', () => hasControl(hosts.b, true));
    });

    it('node labels are replaced as a whole; role and availability stay', async () => {
      const id = await ownId(hosts.b);
      await hosts.a.docker.updateNode(id, { labels: { rack: '1', disk: 'ssd' } });
      await hosts.c.docker.updateNode(id, { labels: { rack: '2' } });
      const node = await nodeOf(hosts.a, hosts.b);
      assert.deepEqual(node.labels, { rack: '2' });
      assert.equal(node.availability, 'drain');
      assert.equal(node.role, 'manager');
    });

    it('nodes of a name, and those with a label of their own', async () => {
      const { docker } = hosts.a;
      const id = await ownId(hosts.b);
      await docker.updateNode(id, { labels: { rack: '1', empty: '' } });
      const all = await docker.nodes();
      const idsOf = async (filter: NodeFilter): Promise<string[]> =>
        (await docker.nodes(filter)).map((node) => node.id).sort();
      for (const { hostname } of all) {
        const named = all.filter((node) => node.hostname.startsWith(hostname));
        assert.deepEqual(await idsOf({ name: hostname }), named.map((node) => node.id).sort());
      }
      assert.deepEqual(await idsOf({ name: 'no-such-host' }), []);
      assert.deepEqual(await idsOf({ label: 'rack' }), [id]);
      assert.deepEqual(await idsOf({ label: 'empty' }), [id]);
      assert.deepEqual(await idsOf({ label: 'rac' }), []);
      await docker.updateNode(id, { labels: { rack: '2' } });
      assert.deepEqual(await idsOf({ label: 'empty' }), []);
    });

    it('a change of a node wakes who listens on another manager, as long as it listens', async () => {
      const { clock } = hosts.effects;
      const id = await ownId(hosts.b);
      const [heard, unheard] = [{ wakes: 0 }, { wakes: 0 }];
      const stops = [heard, unheard].map((one) => hosts.a.docker.listen(() => (one.wakes += 1)));
      stops[1]?.();
      // Until the stream is open an event is nobody's.
      let changes = 0;
      await eventually(clock, 20, 'an event', async () => {
        changes += 1;
        await hosts.c.docker.updateNode(id, { labels: { changes: String(changes) } });
        await clock.sleep(500);
        return heard.wakes > 0 ? undefined : 'nobody was woken';
      });
      stops[0]?.();
      await clock.sleep(500);
      const { wakes } = heard;
      await hosts.c.docker.updateNode(id, { labels: { rack: '2' } });
      await clock.sleep(1_000);
      assert.deepEqual([heard.wakes, unheard.wakes], [wakes, 0]);
    });

    it('an address that comes to a host wakes who listens there, as long as it listens', async () => {
      const { clock } = hosts.effects;
      const { host } = hosts.a;
      const change = async (): Promise<void> => {
        for (const verb of ['add', 'del']) {
          const argv = ['ip', 'address', verb, '127.92.0.1/32', 'dev', 'lo'];
          assert.deepEqual(await host.run(argv), { code: 0, stdout: '', stderr: '' });
        }
      };
      const [heard, unheard] = [{ wakes: 0 }, { wakes: 0 }];
      const stops = [heard, unheard].map((one) => host.network.listen(() => (one.wakes += 1)));
      stops[1]?.();
      // Until the stream is open a change is nobody's.
      await eventually(clock, 20, 'a change', async () => {
        await change();
        await clock.sleep(500);
        return heard.wakes > 0 ? undefined : 'nobody was woken';
      });
      stops[0]?.();
      await clock.sleep(500);
      const { wakes } = heard;
      await change();
      await clock.sleep(1_000);
      assert.deepEqual([heard.wakes, unheard.wakes], [wakes, 0]);
    });

    it('configs: unique names, labels by compare-and-swap', async () => {
      const { docker } = hosts.b;
      const id = await docker.createConfig('lease', 'data', { holder: '1' });
      await refuses(docker.createConfig('lease', 'data', {}), 409, /lease/);
      const seen = (await docker.configs()).find((config) => config.id === id);
      assert.deepEqual(seen?.labels, { holder: '1' });
      await docker.updateConfigLabels(id, seen.version, { holder: '2' });
      await refuses(
        docker.updateConfigLabels(id, seen.version, { holder: '3' }),
        500,
        /update out of sequence/,
      );
      const moved = (await hosts.a.docker.configs()).find((config) => config.id === id);
      assert.deepEqual(moved?.labels, { holder: '2' });
      assert.ok(moved.version > seen.version);
      await docker.removeConfig(id);
      assert.deepEqual(await docker.configs(), []);
      await refuses(docker.removeConfig(id), 404, /not found/);
    });

    it('an engine runs a container, and keeps an image that is loaded', async () => {
      const path = join(folder, 'pause.tar');
      await buildPauseImage(path);
      const exiting = join(folder, 'exit.tar');
      await buildExitImage(exiting);
      assert.equal(await hosts.a.docker.image(pauseReference), undefined);
      for (const { docker } of [hosts.a, hosts.b, hosts.c]) {
        await docker.runContainerCheck();
        if (docker === hosts.b.docker) await copyImage(hosts.a, hosts.b, pauseReference);
        else await docker.loadImage(path);
        await docker.loadImage(exiting);
        assert.ok((await docker.images()).includes(pauseReference));
        assert.deepEqual(await docker.localData(), { volumes: [], containers: [] });
      }
    });

    it('an image goes from one engine to another while it comes; what is not there is an error of the engine', async () => {
      const [a, b] = await Promise.all(
        [hosts.a, hosts.b].map(({ docker }) => docker.image(pauseReference)),
      );
      assert.equal(b?.isFromRegistry, false);
      assert.equal(b.architecture, a?.architecture);
      assert.equal(b.id, a?.id);
      assert.equal(await hosts.b.docker.image('contract-none:1'), undefined);
      await assert.rejects(copyImage(hosts.a, hosts.b, 'contract-none:1'), DockerApiError);
      const pulling = hosts.a.docker.pullImage('127.0.0.1:9/none:1', {
        login: undefined,
        onProgress: () => undefined,
      });
      await assert.rejects(pulling, DockerApiError);
    });

    it('an image is pulled with the login of its registry, and not without', async () => {
      const login = { username: 'contract', password: 'p:w "ä/+' };
      const reference = await hosts.a.serveImage(pauseReference, login);
      const { docker } = hosts.a;
      assert.equal(await docker.image(reference), undefined);
      const onProgress = (): void => undefined;
      await assert.rejects(
        docker.pullImage(reference, { login: undefined, onProgress }),
        (error) => {
          assert.ok(error instanceof DockerApiError, String(error));
          assert.match(error.message, /no basic auth credentials/);
          return true;
        },
      );
      const server = '127.0.0.1:5000';
      await refuses(docker.registryLacks(reference, undefined), 500, /no basic auth credentials/);
      const stranger = { server, username: 'stranger', password: 'wrong' };
      await refuses(docker.registryLacks(reference, stranger), 401, /unauthorized/);
      await assert.rejects(docker.registryLacks('127.0.0.1:9/none:1', undefined), DockerApiError);
      assert.equal(await docker.registryLacks(reference, { server, ...login }), undefined);
      for (const other of [`${reference}-none`, `${server}/none:1`]) {
        const why = await docker.registryLacks(other, { server, ...login });
        assert.match(why ?? '', /unknown/);
      }
      await docker.pullImage(reference, { login: { server, ...login }, onProgress });
      assert.equal((await docker.image(reference))?.isFromRegistry, true);
    });

    it('global service: a task on each active node; a drained one has none, an activated one gets one', async () => {
      serviceId = await hosts.a.docker.createService(pauseService({ global: true }));
      await refuses(
        hosts.a.docker.createService(pauseService({ global: true })),
        409,
        /contract-pause/,
      );
      await wait(60, 'tasks on a and c', () => tasksRunOn(hosts, serviceId, [hosts.a, hosts.c]));
      await hosts.a.docker.updateNode(await ownId(hosts.b), { availability: 'active' });
      await wait(60, 'tasks on all', () =>
        tasksRunOn(hosts, serviceId, [hosts.a, hosts.b, hosts.c]),
      );
      const [service] = await hosts.a.docker.services();
      assert.equal(service?.id, serviceId);
      assert.equal(service.mode, 'global');
      assert.equal(service.replicas, undefined);
      assert.equal(service.image, pauseReference);
    });

    it('pause keeps tasks, drain ends them', async () => {
      const id = await ownId(hosts.b);
      await hosts.a.docker.updateNode(id, { availability: 'pause' });
      assert.equal(await tasksRunOn(hosts, serviceId, [hosts.a, hosts.b, hosts.c]), undefined);
      await hosts.a.docker.updateNode(id, { availability: 'drain' });
      await wait(60, 'no task on b', () => tasksRunOn(hosts, serviceId, [hosts.a, hosts.c]));
      const left = (await hosts.a.docker.tasks({ nodeId: id })).filter(
        (task) => task.state === 'running',
      );
      assert.deepEqual(left, []);
    });

    it('replicated service: a constraint that no node meets leaves the task pending, with the reason', async () => {
      const spec = pauseService({ replicas: 1 }, 'contract-nowhere', ['node.labels.none == here']);
      const id = await hosts.a.docker.createService(spec);
      await wait(30, 'task pending', async () => {
        const [task] = await hosts.a.docker.tasks({ serviceId: id });
        return task?.state === 'pending' && task.error.startsWith('no suitable node')
          ? undefined
          : JSON.stringify(task);
      });
      await hosts.a.docker.updateService(id, { ...spec, constraints: ['node.labels.rack == 2'] });
      await hosts.a.docker.updateNode(await ownId(hosts.b), { availability: 'active' });
      await wait(60, 'task on b', () => tasksRunOn(hosts, id, [hosts.b]));
      await hosts.a.docker.removeService(id);
      await refuses(hosts.a.docker.removeService(id), 404, /not found/);
      await refuses(hosts.a.docker.tasks({ serviceId: id }), 404, /service .* not found/);
    });

    it('an update of neither image nor replicas: the tasks of the former spec never pass for the new ones', async () => {
      const { docker } = hosts.a;
      const spec = pauseService({ replicas: 1 }, 'contract-update');
      const id = await docker.createService(spec);
      const converged = async (): Promise<string | undefined> => {
        const found = (await docker.services()).find((each) => each.id === id);
        assert.ok(found !== undefined);
        return whyNotConverged(found, await docker.nodes(), await docker.tasks({ serviceId: id }));
      };
      const running = async (): Promise<readonly string[]> =>
        (await docker.tasks({ serviceId: id }))
          .filter(({ state, desiredState }) => state === 'running' && desiredState === 'running')
          .map((task) => task.id);
      await wait(60, 'a task of the first spec', converged);
      const changes: readonly Partial<ServiceSpec>[] = [
        { environment: { RELEASE: '2' } },
        // The first port of a service without an endpoint, which the swarm itself replaces no task for.
        { ports: [{ target: 80, published: 9190, protocol: 'tcp', mode: 'host' }] },
        { stopGraceSeconds: 2 },
      ];
      let present = spec;
      for (const change of changes) {
        const former = await running();
        assert.equal(former.length, 1);
        present = { ...present, ...change };
        await docker.updateService(id, present);
        await wait(60, 'a task of the new spec', converged);
        const now = await running();
        assert.equal(now.length, 1);
        assert.notDeepEqual(now, former, JSON.stringify(change));
      }
      const kept = await running();
      await docker.updateService(id, { ...present, labels: { purpose: 'another' } });
      await wait(60, 'still converged', converged);
      assert.deepEqual(await running(), kept);
      await docker.removeService(id);
    });

    it('a constraint that rules out a paused node, start-first: its tasks alone are moved, and none by taking it back', async () => {
      const { docker } = hosts.a;
      const id = await docker.createService(pauseService({ replicas: 3 }, 'contract-move'));
      const all = [hosts.a, hosts.b, hosts.c];
      await wait(60, 'a task on each', () => tasksRunOn(hosts, id, all));
      const nodeId = await ownId(hosts.b);
      const seen = async (): Promise<ServiceFacts> =>
        (await docker.services()).find((each) => each.id === id)!;
      const running = async (): Promise<readonly TaskFacts[]> =>
        (await docker.tasks({ serviceId: id })).filter(
          ({ state, desiredState }) => state === 'running' && desiredState === 'running',
        );
      const before = await running();
      const least = { running: 3 };
      await docker.updateNode(nodeId, { availability: 'pause' });
      const stale = await seen();
      await docker.placeService(stale, movingOff(stale, nodeId));
      await refuses(
        docker.placeService(stale, movingOff(stale, nodeId)),
        500,
        /update out of sequence/,
      );
      await wait(60, 'its task elsewhere', async () => {
        const tasks = await docker.tasks({ serviceId: id });
        const up = tasks.filter(({ state }) => state === 'running').length;
        least.running = Math.min(least.running, up);
        const progress = moveProgress(
          id,
          { services: [await seen()], tasks, nodes: await docker.nodes() },
          nodeId,
        );
        return progress.kind === 'moved' ? undefined : JSON.stringify(progress);
      });
      assert.equal(least.running, 3, 'the old one ran until the new one did');
      const moved = await running();
      const others = before.filter((task) => task.nodeId !== nodeId).map((task) => task.id);
      assert.equal(moved.length, 3);
      assert.ok(others.every((other) => moved.some((task) => task.id === other)));
      const marked = await seen();
      const back = takenBack(marked);
      assert.ok(back !== undefined);
      await docker.placeService(marked, back);
      const { labels, constraints, mobility } = await seen();
      assert.deepEqual([labels[moveLabel], constraints], [undefined, []]);
      assert.equal(mobility?.updateConfig, undefined);
      await docker.updateNode(nodeId, { availability: 'active' });
      // The swarm would begin within a second.
      await docker.runContainerCheck();
      const after = (await running()).map((task) => task.id);
      assert.deepEqual([...after].sort(), moved.map((task) => task.id).sort());
      await docker.removeService(id);
    });

    it('one task off a paused node, with a long delay: it goes to the emptiest node, and no other one is touched', async () => {
      const { docker } = hosts.a;
      const emptyId = await ownId(hosts.c);
      await docker.updateNode(emptyId, { availability: 'pause' });
      const id = await docker.createService(pauseService({ replicas: 4 }, 'contract-one'));
      const seen = async (): Promise<ServiceFacts> =>
        (await docker.services()).find((each) => each.id === id)!;
      const running = async (): Promise<readonly TaskFacts[]> =>
        (await docker.tasks({ serviceId: id })).filter(
          ({ state, desiredState }) => state === 'running' && desiredState === 'running',
        );
      await wait(60, 'two tasks on each of two nodes', async () => {
        const { length } = await running();
        return length === 4 ? undefined : String(length);
      });
      await docker.updateNode(emptyId, { availability: 'active' });
      const before = await running();
      const nodeId = await ownId(hosts.b);
      assert.equal(before.filter((task) => task.nodeId === nodeId).length, 2);
      await docker.updateNode(nodeId, { availability: 'pause' });
      const service = await seen();
      await docker.placeService(service, movingOff(service, nodeId, 'one'));
      await wait(60, 'one of its tasks elsewhere', async () => {
        const facts = {
          services: [await seen()],
          tasks: await docker.tasks({ serviceId: id }),
          nodes: await docker.nodes(),
        };
        const progress = moveProgress(id, facts, nodeId, (left) => left < 2);
        return progress.kind === 'moved' ? undefined : JSON.stringify(progress);
      });
      // The swarm would begin with the next one within a second.
      await docker.runContainerCheck();
      const moved = await running();
      const kept = before.filter((task) => moved.some((other) => other.id === task.id));
      assert.deepEqual([moved.length, kept.length], [4, 3]);
      assert.equal(moved.filter((task) => task.nodeId === nodeId).length, 1);
      assert.equal(moved.filter((task) => task.nodeId === emptyId).length, 1);
      const marked = await seen();
      const back = takenBack(marked);
      assert.ok(back !== undefined);
      await docker.placeService(marked, back);
      const { labels, constraints, mobility } = await seen();
      assert.deepEqual([labels[moveLabel], constraints], [undefined, []]);
      assert.equal(mobility?.updateConfig, undefined);
      await docker.updateNode(nodeId, { availability: 'active' });
      await docker.runContainerCheck();
      const after = (await running()).map((task) => task.id);
      assert.deepEqual([...after].sort(), moved.map((task) => task.id).sort());
      await docker.removeService(id);
    });

    stackContract(
      () => hosts.a.docker,
      () => [hosts.a, hosts.b, hosts.c].map(({ docker }) => docker),
      wait,
    );

    it('demote of the leader of three: another leads, its control goes, the nodes are ready again', async () => {
      const { a, b, c } = hosts;
      const leaderId = (await a.docker.nodes()).find(
        (node) => node.managerStatus?.isLeader === true,
      )?.id;
      const ids = await Promise.all([a, b, c].map(ownId));
      const leader = [a, b, c][ids.findIndex((id) => id === leaderId)];
      assert.ok(leader !== undefined && leaderId !== undefined);
      const others = [a, b, c].filter((host) => host !== leader);
      const [contact] = others;
      assert.ok(contact !== undefined);
      assert.equal(await leader.docker.hasRaftLog(), true);
      await leader.docker.updateNode(leaderId, { role: 'worker' });
      await wait(120, 'the others lead', () => membersAre(contact, others));
      await wait(60, 'its log of raft gone', () => hasNoRaftLog(leader));
      // From then on it has nothing to say for the swarm, whatever it says of itself.
      await assert.rejects(leader.docker.nodes(), {
        message: /code = Unavailable|connection is closing|not a swarm manager/,
      });
      await wait(60, 'control gone', () => hasControl(leader, false));
      for (const host of [a, b, c]) await wait(60, 'ready again', () => isReady(contact, host));
      await contact.docker.updateNode(leaderId, { role: 'manager' });
      await wait(60, 'a member again', () => isMember(contact, leader));
      await wait(60, 'in control again', () => hasControl(leader, true));
    });

    it('autolock: a key; a manager that restarts is locked until it gets the right one', async () => {
      const { docker } = hosts.a;
      assert.equal(await docker.unlockKey(), undefined);
      await docker.setAutolock(true);
      const key = await docker.unlockKey();
      assert.match(key ?? '', /^SWMKEY-1-/);
      await docker.setAutolock(true);
      assert.equal(await docker.unlockKey(), key, 'nothing changes by a second time');
      assert.equal((await docker.swarm()).isAutolocked, true);
      await refuses(docker.swarmUnlock(key ?? ''), 409, /swarm is not locked/);
      // A manager learns of the key by raft: until then it would come back open.
      await wait(60, 'b comes back locked', () => comesBack(hosts.b, 'locked'));
      const info = await hosts.b.docker.info();
      assert.equal(info.nodeId, '');
      assert.equal(info.isControlAvailable, false);
      assert.match(info.error, /Swarm is encrypted and needs to be unlocked/);
      await refuses(hosts.b.docker.nodes(), 503, /Swarm is encrypted and needs to be unlocked/);
      await refuses(hosts.b.docker.swarmLeave({ force: false }), 503, /encrypted and locked/);
      await wait(30, 'the others miss b', async () => {
        const members = (await docker.nodes()).map((node) => node.managerStatus?.reachability);
        return members.includes('unreachable') ? undefined : members.join();
      });
      const wrong = `SWMKEY-1-${'A'.repeat(42)}E`;
      await refuses(hosts.b.docker.swarmUnlock(wrong), 401, /invalid key provided/);
      await refuses(hosts.b.docker.swarmUnlock('nonsense'), 400, /invalid key string/);
      await hosts.b.docker.swarmUnlock(key ?? '');
      await wait(60, 'b a member again', () => isMember(hosts.a, hosts.b));
      await wait(60, 'b in control', () => hasControl(hosts.b, true));
    });

    it('every manager locked: each needs the key, and the first answers when the majority is there', async () => {
      const key = (await hosts.a.docker.unlockKey()) ?? '';
      const all = [hosts.a, hosts.b, hosts.c];
      await wait(60, 'c comes back locked', () => comesBack(hosts.c, 'locked'));
      for (const host of [hosts.a, hosts.b]) await comesBack(host, 'locked');
      for (const { docker } of all) assert.equal((await docker.info()).localNodeState, 'locked');
      await Promise.allSettled(all.map(({ docker }) => docker.swarmUnlock(key)));
      await wait(90, 'a leader again', () => membersAre(hosts.a, all));
      for (const host of all) await wait(60, 'ready again', () => isReady(hosts.a, host));
      await hosts.a.docker.setAutolock(false);
      assert.equal(await hosts.a.docker.unlockKey(), undefined);
      await wait(60, 'c comes back open', async () => {
        const why = await comesBack(hosts.c, 'active');
        if (why === 'locked') await hosts.c.docker.swarmUnlock(key);
        return why;
      });
      await wait(60, 'all members', () => membersAre(hosts.a, all));
      for (const host of all) await wait(60, 'ready again', () => isReady(hosts.a, host));
    });

    it('three members, one engine dead: removing a healthy one is refused, the dead one may go', async () => {
      const dead = await ownId(hosts.c);
      await stopEngine(hosts.c);
      await wait(60, 'c unreachable', async () => {
        const node = await findNode(hosts.a, dead);
        return node?.managerStatus?.reachability === 'unreachable'
          ? undefined
          : JSON.stringify(node);
      });
      await refuses(
        hosts.a.docker.updateNode(await ownId(hosts.b), { role: 'worker' }),
        400,
        /can't remove member from the raft: this would result in a loss of quorum/,
      );
      await hosts.a.docker.updateNode(dead, { role: 'worker' });
      await wait(60, 'c no member', async () =>
        (await findNode(hosts.a, dead))?.managerStatus === undefined ? undefined : 'still a member',
      );
      await wait(60, 'c down', async () => {
        const state = (await findNode(hosts.a, dead))?.state;
        return state === 'down' ? undefined : state;
      });
      await startEngine(hosts.c);
      await wait(90, 'c a ready worker', () => isReady(hosts.a, hosts.c));
      await wait(60, 'c without control', () => hasControl(hosts.c, false));
      await outOfRaftForGood(hosts.a, hosts.c, wait);
    });

    it('two members, one engine dead: no leader, and every sentence says so; the other one back heals it', async () => {
      await stopEngine(hosts.b);
      await wait(90, 'a without a leader', async () => {
        const info = await hosts.a.docker.info();
        return /The swarm does not have a leader/.test(info.error) ? undefined : info.error;
      });
      const info = await hosts.a.docker.info();
      assert.equal(info.isControlAvailable, true);
      assert.equal(info.managers, 0);
      await refuses(hosts.a.docker.nodes(), 500, /does not have a leader|DeadlineExceeded/);
      await startEngine(hosts.b);
      await wait(120, 'all ready', async () => {
        const states = (await hosts.a.docker.nodes()).map((node) => node.state);
        return states.every((state) => state === 'ready') ? undefined : states.join();
      });
      assert.equal((await hosts.a.docker.info()).error, '');
    });

    it('two members, one lost for good: the other one is made the only member, and the lost one harms nothing when it comes back', async () => {
      await loseForGood(hosts.a, hosts.b, hosts.c, wait, true);
      await loseForGood(hosts.b, hosts.a, hosts.c, wait, false);
    });

    it('two members: the one that does not lead is demoted, the other leads alone', async () => {
      // Demoting the leader of two was seen to leave no leader for 30 s and more: not for us to do.
      const isLed = (await nodeOf(hosts.a, hosts.a)).managerStatus?.isLeader === true;
      const [leader, follower] = isLed ? [hosts.a, hosts.b] : [hosts.b, hosts.a];
      await leader.docker.updateNode(await ownId(follower), { role: 'worker' });
      await wait(60, 'one member that leads', () => membersAre(leader, [leader]));
      hosts = { ...hosts, a: leader, b: follower };
    });

    it('leave, without force as soon as the log of raft is gone: outside at once, down after a while, then removable; the name comes back with a new ID', async () => {
      const id = await ownId(hosts.b);
      await wait(60, 'its log of raft gone', () => hasNoRaftLog(hosts.b));
      // A real one may wait 15 s in vain for networks that it has only just joined.
      await wait(60, 'b has left', () =>
        hosts.b.docker.swarmLeave({ force: false }).then(
          () => undefined,
          (error: unknown) => {
            assert.match(errorMessage(error), /deadline exceeded/);
            return errorMessage(error);
          },
        ),
      );
      assert.equal(await hosts.b.docker.hasRaftLog(), undefined);
      assert.equal((await hosts.b.docker.info()).localNodeState, 'inactive');
      await wait(60, 'node down', async () => {
        const state = (await findNode(hosts.a, id))?.state;
        return state === 'down' ? undefined : state;
      });
      await joinAs(hosts.b, hosts.a, 'worker');
      const sameName = (await hosts.a.docker.nodes()).filter(
        (node) => node.hostname === hosts.b.name,
      );
      assert.equal(sameName.length, 2);
      assert.notEqual(await ownId(hosts.b), id);
      await hosts.a.docker.removeNode(id, { force: false });
      await refuses(hosts.a.docker.removeNode(id, { force: false }), 404, /not found/);
      await refuses(hosts.a.docker.tasks({ nodeId: id }), 404, /node .* not found/);
    });

    it('force: workers and then the last manager leave', async () => {
      for (const { docker } of [hosts.b, hosts.c, hosts.a]) {
        await docker.swarmLeave({ force: true });
        const info = await docker.info();
        assert.equal(info.localNodeState, 'inactive');
        assert.equal(info.nodeId, '');
      }
    });

    it('a leader before 23.0 whose log was cut: a newer member gets it by snapshots at every entry, and else stays behind unseen', async () => {
      const { a, b, c } = machines;
      await initSwarm(a);
      await a.compactLog();
      await a.docker.setSnapshotInterval(1, { interval: '10000' });
      const { snapshotInterval, labels } = await a.docker.swarm();
      assert.deepEqual([snapshotInterval, labels['interval']], [1, '10000']);
      await joinAs(b, a, 'manager');
      await wait(60, 'b a member', () => membersAre(a, [a, b]));
      // Every entry needs both of them.
      await a.docker.setSnapshotInterval(10_000, { interval: '' });
      assert.equal((await a.docker.swarm()).snapshotInterval, 10_000);
      await joinAs(c, a, 'manager');
      await wait(60, 'three members', () => membersAre(a, [a, b, c]));

      const id = await ownId(b);
      await a.docker.updateNode(id, { role: 'worker' });
      await wait(60, 'b no member', () => membersAre(a, [a, c]));
      await wait(60, 'b without control', () => hasControl(b, false));
      await a.docker.updateNode(id, { role: 'manager' });
      await wait(60, 'b a member again, as far as one can see', () => membersAre(a, [a, b, c]));
      await wait(60, 'b in control by its own word', () => hasControl(b, true));
      assert.equal((await b.docker.info()).error, '');

      const stopped = await ownId(c);
      await stopEngine(c);
      // Two of three are a majority for the leader, which goes on to answer what it knows; nothing can be changed.
      await assert.rejects(a.docker.setSwarmLabels({ look: 'alone' }), { statusCode: 500 });
      await startEngine(c);
      await wait(120, 'all are members again', () => membersAre(a, [a, b, c]));
      // Mostly at once; once it was not within 120 s. gRPC waits up to that long before it tries a lost peer again.
      await wait(300, 'what was asked for can be changed', async () => {
        await a.docker.setSwarmLabels({ look: 'together' });
        return undefined;
      });
      await a.docker.setSnapshotInterval(1, {});
      await a.docker.setSnapshotInterval(10_000, {});
      await stopEngine(c);
      await wait(60, 'the others miss c', async () => {
        const node = await findNode(a, stopped);
        return node?.managerStatus?.reachability === 'unreachable' ? undefined : node?.state;
      });
      // Longer than a leader stays one without a majority.
      for (let look = 0; look < 15; look += 1) {
        await a.docker.setSwarmLabels({ look: String(look) });
        await hosts.effects.clock.sleep(1_000);
      }
      await startEngine(c);
      for (const { docker } of [c, b, a]) await docker.swarmLeave({ force: true });
    });

    it('a manager before 28 whose certificate has changed: an engine from 28 on is refused, by a plain `docker swarm join` too, and our Node joins by another one, or without ALPN', async () => {
      const { a, b, c } = machines;
      await initSwarm(a);
      await joinAs(c, a, 'manager');
      await wait(60, 'two members', () => membersAre(a, [a, c]));
      for (const { docker, address } of [a, c])
        assert.equal(await docker.offersAlpn(address), true);
      await assert.rejects(b.docker.offersAlpn(b.address), { code: 'ProbeFailed' });
      const id = await ownId(c);
      await a.docker.updateNode(id, { role: 'worker' });
      await wait(60, 'c no member', () => membersAre(a, [a]));
      await wait(60, 'c without control', () => hasControl(c, false));
      await a.docker.updateNode(id, { role: 'manager' });
      await wait(60, 'c a member again', () => membersAre(a, [a, c]));
      await wait(60, 'c in control again', () => hasControl(c, true));
      assert.equal(await c.docker.offersAlpn(c.address), false);

      await b.takeNewerEngine();
      assert.equal(await b.docker.version(), '28.5.2');
      const isOutside = async (): Promise<string | undefined> => {
        const { localNodeState } = await b.docker.info();
        return localNodeState === 'inactive' ? undefined : localNodeState;
      };
      const plain = await b.joinByHand(await c.docker.joinToken('worker'), c.address);
      assert.match(
        plain.stderr,
        /^Error response from daemon: .*cannot check peer: missing selected ALPN property/,
      );
      assert.equal(plain.code, 1);
      await wait(30, 'b outside', isOutside);
      await refuses(joinAs(b, c, 'worker'), 503, /missing selected ALPN property/);
      await wait(30, 'b outside again', isOutside);
      assert.deepEqual(await joinAsNode(hosts.effects, b, [c, a]), []);
      const first = await ownId(b);
      await b.docker.swarmLeave({ force: true });
      await a.docker.removeNode(first, { force: true });
      assert.deepEqual(await joinAsNode(hosts.effects, b, [c]), [
        steps.withoutAlpn(b.name),
        steps.withAlpn(b.name),
      ]);
      await b.docker.swarmLeave({ force: true });
      await stopEngine(c);
      await startEngine(c);
      await wait(60, 'c in control again', () => hasControl(c, true));
      await wait(60, 'c offers ALPN again', async () =>
        (await c.docker.offersAlpn(c.address)) ? undefined : 'no',
      );
      for (const { docker } of [c, a]) await docker.swarmLeave({ force: true });
    });

    it('a newer engine tells a stack that nobody touched as it was sent, too', async () => {
      const { b } = machines;
      assert.equal(await b.docker.version(), '28.5.2');
      await initSwarm(b);
      await seesHandChanges(b.docker, [b.docker], wait);
      await b.docker.swarmLeave({ force: true });
    });
  });
}
