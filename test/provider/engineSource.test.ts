import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { steps } from '../../core/steps';
import { sourceLabel } from '../../core/labels';
import { assertAsDeclared, copyOf, founded, machine } from '../support/clusterState';
import type { PropertyMap } from '../../provider/server/resource';
import { changed, cluster, without } from '../support/declaredCluster';
import { FakeWorld } from '../support/fakeWorld/fakeWorld';
import {
  ProviderProcess,
  emptyTranscript,
  resourceOf,
  sentences,
} from '../support/providerHarness';
import type { Stack } from '../support/providerStack';

/** Made by gpg for this test; its private half is gone. */
const fingerprint = '5E3CE312C5F947065654D0AAC10D2EEAA5E76A64';
const key = `-----BEGIN PGP PUBLIC KEY BLOCK-----

mDMEawHaqBYJKwYBBAHaRw8BAQdAXTZ7QWmfFGFt2ZYaOe41BAKJxHfdqjmIslKU
wLURzWW0EVRlc3QgcmVwb3NpdG9yeSAxiJAEExYIADgWIQRePOMSxflHBlZU0KrB
DS7qpedqZAUCawHaqAIbAwULCQgHAgYVCgkICwIEFgIDAQIeAQIXgAAKCRDBDS7q
pedqZELHAP9cAcAwFtfKRVxI/XVxeLGsF9vo3Ht4ZIbhatzbsTPDRAD/TE5zI6/h
gfKmaKWd9JDRcnby7gbVUG8ReMN2D7rR8g0=
=aN3T
-----END PGP PUBLIC KEY BLOCK-----
`;
const url = 'http://mirror.example/docker';
const source = { kind: 'docker', url, fingerprint };
const versions = ['5:28.5.2-1~debian.12~bookworm', '5:27.5.1-1~debian.12~bookworm'];

let origin: { readonly world: FakeWorld; readonly stack: Stack };

before(async () => {
  const world = new FakeWorld();
  world.edit((state) => {
    state.web[`${url}/debian/gpg`] = key;
    state.repositories[`${url}/debian bookworm`] = {
      key,
      packages: {
        'docker-ce': [...versions],
        'docker-ce-cli': [...versions],
        'containerd.io': ['1.7.29-1'],
        'ca-certificates': [],
      },
    };
  });
  origin = { world, stack: await founded(world, cluster(3, 0)) };
});

test('another source goes through the swarm node by node, and images stay', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  world.editMachine('test/m2', ({ engine }) => engine.images.push('kept:1'));
  stack.declared = changed(stack.declared, { engine: { source, version: '28.5' } });
  for (const name of ['m2', 'm3', 'm1']) await stack.applyNode(new ProviderProcess(world), name);
  assertAsDeclared(world, stack);
  for (const { hostname, labels, engineVersion } of world.swarm().nodes) {
    assert.equal(engineVersion, '28.5.2');
    assert.equal(labels[sourceLabel], 'docker');
    const { installed, held } = machine(world, hostname);
    assert.equal(installed['docker.io'], undefined);
    assert.deepEqual([...held].sort(), ['containerd.io', 'docker-ce', 'docker-ce-cli']);
  }
  assert.ok(machine(world, 'm2').engine.images.includes('kept:1'));

  stack.declared = changed(stack.declared, { engine: {} }, 'm2');
  await stack.applyNode(new ProviderProcess(world), 'm2');
  const { installed, repositories } = machine(world, 'm2');
  assert.deepEqual(Object.keys(repositories), []);
  assert.equal(installed['docker-ce'], undefined);
  assert.ok(installed['docker.io']?.startsWith('20.10.24') === true);
});

test('of a node that is replaced, the engine it gets is brought near while it serves, and refused where it cannot be', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const engines = [{ nodes: ['m2'], os: 'debian:12', version: '28.5', source }];
  stack.declared = {
    ...changed(stack.declared, { engine: { source, version: '28.5' } }, 'm2'),
    swarm: { roll: { engines } },
  };
  await stack.applySwarm(new ProviderProcess(world));
  world.editMachine('test/m2', ({ unmet }) => (unmet['docker-ce'] = 'libsystemd1'));
  const isActive = (): void => {
    const node = world.swarm().nodes.find(({ hostname }) => hostname === 'm2');
    assert.equal(node?.availability, 'active');
    const { engine, units } = machine(world, 'm2');
    assert.equal(engine.runningVersion, '20.10.24');
    assert.equal(units['keepalived.service']?.state, 'active');
  };
  const refused = emptyTranscript();
  await assert.rejects(stack.applyNode(new ProviderProcess(world, { transcript: refused }), 'm2'), {
    code: 'PackageUnfit',
    message: /docker-ce : Depends: libsystemd1 but it is not installable/,
  });
  assert.deepEqual(sentences(refused), [steps.fetchEngine('m2')]);
  isActive();
  world.editMachine('test/m2', (state) => (state.unmet = {}));
  const transcript = emptyTranscript();
  await stack.applyNode(new ProviderProcess(world, { transcript }), 'm2');
  const [first, second, ...rest] = sentences(transcript);
  assert.deepEqual([first, second], [steps.fetchEngine('m2'), steps.gate('m2')]);
  assert.ok(!rest.includes(steps.fetchEngine('m2')), 'once for the whole chain');
  assertAsDeclared(world, stack);
  // What is there already, or comes with another OS, is not fetched.
  for (const [os, version] of [
    ['debian:12', '28.5'],
    ['debian:13', '29'],
  ]) {
    const due = [{ ...engines[0], os, version }];
    stack.declared = {
      ...changed(
        stack.declared,
        { engine: { source, version: '28.5', daemon: { mtu: 1400 } } },
        'm2',
      ),
      swarm: { roll: { engines: due } },
    };
    const copy = copyOf(world, stack);
    await copy.stack.applySwarm(new ProviderProcess(copy.world));
    const seen = emptyTranscript();
    await copy.stack.applyNode(new ProviderProcess(copy.world, { transcript: seen }), 'm2');
    assert.ok(!sentences(seen).includes(steps.fetchEngine('m2')), os);
  }
});

test('so is the engine of a machine of a lab: what its distribution lacks is found before anything is drained', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const due = { nodes: ['m2'], os: 'debian:12', version: '28.5', source: { kind: 'distribution' } };
  stack.declared = {
    ...changed(stack.declared, { engine: { version: '28.5' } }, 'm2'),
    swarm: { roll: { engines: [due] } },
  };
  await stack.applySwarm(new ProviderProcess(world));
  const refused = emptyTranscript();
  await assert.rejects(stack.applyNode(new ProviderProcess(world, { transcript: refused }), 'm2'), {
    code: 'EngineVersionMissing',
    message: /28\.5/,
  });
  assert.deepEqual(sentences(refused), [steps.fetchEngine('m2')]);
  const { nodes } = world.swarm();
  assert.ok(
    nodes.every(({ availability, state }) => `${availability} ${state}` === 'active ready'),
  );
  world.editMachine('test/m2', ({ offered }) => {
    offered['docker.io'] = ['28.5.2+dfsg4-2', ...(offered['docker.io'] ?? [])];
  });
  const transcript = emptyTranscript();
  await stack.applyNode(new ProviderProcess(world, { transcript }), 'm2');
  assert.deepEqual(sentences(transcript).slice(0, 2), [steps.fetchEngine('m2'), steps.gate('m2')]);
  assertAsDeclared(world, stack);
  assert.equal(machine(world, 'm2').engine.runningVersion, '28.5.2');
});

test('a run that is killed while the source is exchanged goes on with the next one', async () => {
  for (const [operation, after] of [
    ['packages.remove', true],
    ['packages.install', false],
    ['packages.install', true],
    ['packages.hold', false],
  ] as const) {
    const { world, stack } = copyOf(origin.world, origin.stack);
    stack.declared = changed(stack.declared, { engine: { source } }, 'm2');
    world.failNext(operation, { code: 'HostUnreachable', message: 'gone' }, { after });
    await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm2'), {
      code: 'HostUnreachable',
    });
    await stack.applyNode(new ProviderProcess(world), 'm2');
    assertAsDeclared(world, stack);
    assert.equal(machine(world, 'm2').installed['docker.io'], undefined, operation);
  }
});

test('a version that the repository lacks is refused with those that it has, before the engine is touched', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  stack.declared = changed(stack.declared, { engine: { source, version: '29' } }, 'm2');
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm2'), {
    code: 'EngineVersionMissing',
    message: `m2: engine 29 is not offered; the repository ${url} has 28.5.2, 27.5.1; nothing was installed; declare one of these`,
  });
  assert.ok(machine(world, 'm2').installed['docker.io'] !== undefined);
});

test('a host that takes neither .deb nor .rpm packages is told so by every source of them', async () => {
  for (const source of [undefined, { kind: 'docker', url }, { kind: 'packages', directory: '/' }]) {
    const { world, stack } = copyOf(origin.world, origin.stack);
    world.editMachine('test/m2', (m2) => (m2.os = 'arch:rolling'));
    const wanted = {
      ...stack.inputsOf('Engine', 'm2'),
      ...(source === undefined ? {} : { source }),
    };
    for (const kind of ['VipMember', 'Node', 'Engine']) {
      await stack.callDelete(new ProviderProcess(world), kind, 'm2').catch(() => undefined);
    }
    world.editMachine('test/m2', ({ engine }) => (engine.membership = undefined));
    await assert.rejects(stack.create(new ProviderProcess(world), 'Engine', 'm2', wanted), {
      code: 'EngineSourceUnfit',
      message: /arch:rolling.*; nothing was installed; declare another source/,
    });
  }
});

test('a key of another fingerprint is not trusted', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const engine = { source: { kind: 'docker', url } };
  stack.declared = changed(stack.declared, { engine }, 'm2');
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm2'), {
    code: 'RepositoryKeyRefused',
    message: /its fingerprint is 5E3C.*, and 9DC858229FC7DD38854AE2D88D81803C0EBFCD88 is expected/,
  });
  assert.deepEqual(machine(world, 'm2').repositories, {});
});

test('an engine that this package did not install is not removed', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  stack.declared = changed(stack.declared, { engine: { source: { kind: 'docker', url } } }, 'm2');
  world.edit((state) => {
    Reflect.deleteProperty(state.web, `${url}/debian/gpg`);
  });
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm2'), {
    code: 'DownloadFailed',
  });
  world.editMachine('test/m2', (m2) => {
    Reflect.deleteProperty(m2.files, '/etc/pulumi-swarm/source.json');
    m2.installed = { 'docker-ce': versions[0]! };
  });
  stack.declared = changed(stack.declared, { engine: {} }, 'm2');
  await assert.rejects(stack.applyNode(new ProviderProcess(world), 'm2'), {
    code: 'EngineOfAnother',
  });
  assert.ok(machine(world, 'm2').installed['docker-ce'] !== undefined);
});

test('an engine that is there already is taken as it is, not held, and not stopped when its node goes', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const engine = { source: { kind: 'preinstalled' } };
  stack.declared = changed(stack.declared, { engine }, 'm3');
  await stack.applyNode(new ProviderProcess(world), 'm3');
  assertAsDeclared(world, stack);
  assert.deepEqual(machine(world, 'm3').held, []);
  stack.declared = without(stack.declared, 'm3');
  const process = new ProviderProcess(world);
  await stack.applySwarm(process);
  for (const kind of ['VipMember', 'Node', 'Engine']) await stack.remove(process, `${kind}/m3`);
  assert.equal(machine(world, 'm3').units['docker.service']?.state, 'active');
});

test('another address of the repository is changed in place', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  stack.declared = changed(stack.declared, { engine: { source } }, 'm2');
  await stack.applyNode(new ProviderProcess(world), 'm2');
  const { nodeId } = stack.get('Node', 'm2').outputs;
  const other = 'http://other.example/docker';
  world.edit(({ web, repositories }) => {
    web[`${other}/debian/gpg`] = key;
    repositories[`${other}/debian bookworm`] = repositories[`${url}/debian bookworm`]!;
  });
  stack.declared = changed(stack.declared, { engine: { source: { ...source, url: other } } }, 'm2');
  const transcript = emptyTranscript();
  await stack.applyNode(new ProviderProcess(world, { transcript }), 'm2');
  assert.equal(stack.get('Node', 'm2').outputs['nodeId'], nodeId);
  assert.ok(transcript.statuses.some((each) => each.includes('change the repository')));
});

test('packages of a directory, and then an archive of static programs; an older build is kept, and no third one', async () => {
  const { world, stack } = copyOf(origin.world, origin.stack);
  const directory = mkdtempSync(join(tmpdir(), 'swarm-debs-'));
  const roll = async (engine: PropertyMap): Promise<void> => {
    stack.declared = changed(stack.declared, { engine }, 'm2');
    await stack.applyNode(new ProviderProcess(world), 'm2');
    assertAsDeclared(world, stack);
  };
  for (const name of ['docker-ce', 'docker-ce-cli', 'containerd.io']) {
    writeFileSync(join(directory, `${name}_28.5.2-1~debian.12~bookworm_amd64.deb`), name);
  }
  await roll({ source: { kind: 'packages', directory } });
  assert.equal(machine(world, 'm2').installed['docker.io'], undefined);
  assert.equal(machine(world, 'm2').engine.runningVersion, '28.5.2');
  assert.equal(machine(world, 'm2').held.length, 3);

  for (const version of ['28.5.2', '29.1.0', '29.2.0']) {
    const path = join(directory, `docker-${version}.tgz`);
    writeFileSync(path, `dockerd ${version}`);
    const sha256 = createHash('sha256').update(`dockerd ${version}`).digest('hex');
    await roll({ version, source: { kind: 'static', path, sha256 } });
    assert.equal(machine(world, 'm2').engine.runningVersion, version);
  }
  const { builds, current } = machine(world, 'm2').programs;
  assert.deepEqual(Object.values(builds), ['29.1.0', '29.2.0']);
  assert.equal(builds[current ?? ''], '29.2.0');
  assert.deepEqual(machine(world, 'm2').installed['docker-ce'], undefined);

  const path = join(directory, 'docker-29.2.0.tgz');
  const source = { kind: 'static', path, sha256: '0'.repeat(64) };
  await assert.rejects(roll({ source }), { code: 'EngineArchiveChanged' });
  await assert.rejects(roll({ version: '28', source }), {
    code: 'EngineVersionMissing',
    message: /engine 28 is not offered; .*docker-29\.2\.0\.tgz has 29\.2\.0/,
  });
  await roll({});
  assert.deepEqual(machine(world, 'm2').programs.builds, {});
  assert.equal(machine(world, 'm2').files['/etc/systemd/system/docker.service'], undefined);
  rmSync(directory, { recursive: true });
});

test('preview says where an engine comes from, and a wrong source is a fault of its property', async () => {
  const engine = resourceOf('swarm:index:Engine');
  const operation = { isRegistered: () => false } as never;
  const wanted = { name: 'm1', version: '28.5', source: { kind: 'docker' } };
  assert.match(
    (await engine.previewCreate?.(wanted, operation))?.[0] ?? '',
    /install the engine on m1: 28\.5 of Docker’s repository/,
  );
  const { failures } = engine.check(
    { name: 'm1', machineId: 'x', managers: [], source: { kind: 'docker', url: 'file:///x' } },
    undefined,
  );
  assert.ok(
    failures.some(({ property }) => property === 'source.url'),
    JSON.stringify(failures),
  );
});
