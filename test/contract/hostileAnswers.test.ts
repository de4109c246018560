import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { z } from 'zod';
import { SwarmError } from '../../core/errors';
import { parseJournal } from '../../demo/report/journal';
import { Apt } from '../../effects/apt';
import { systemClock } from '../../effects/clock';
import * as answers from '../../effects/engine/answers';
import { EngineClient } from '../../effects/engine/engineClient';
import type { StreamSource } from '../../effects/engine/engineStream';
import { loadError } from '../../effects/engine/loadError';
import { gatherHostFacts } from '../../effects/hostFacts';
import { HostFiles } from '../../effects/hostFiles';
import { Iproute } from '../../effects/iproute';
import { machinePaths } from '../../effects/labMachines/layout';
import { readMachine } from '../../effects/labMachines/records';
import type { ExecResult } from '../../effects/ssh/channelExec';
import { knownHostKeys } from '../../effects/ssh/knownHosts';
import { forCutTexts, forHostileTexts, forSpoiltJson } from '../core/support/hostileText';
import { followsNothing, notingExec } from '../support/rootCommands';

const spec = { Labels: { a: 'b' }, Role: 'manager', Availability: 'active' };
const nodes = [
  {
    ID: 'n1',
    Version: { Index: 7 },
    Spec: spec,
    Description: { Hostname: 'm1', Engine: { EngineVersion: '26.1.5+dfsg1' } },
    Status: { State: 'ready', Addr: '10.88.0.11' },
    ManagerStatus: { Leader: true, Reachability: 'reachable', Addr: '10.88.0.11:2377' },
  },
  {
    ID: 'n2',
    Version: { Index: 8 },
    Spec: { ...spec, Role: 'worker' },
    Description: { Hostname: 'w1', Engine: { EngineVersion: '26.1.5+dfsg1' } },
    Status: { State: 'down', Addr: '10.88.0.21' },
  },
];
const tasks = [
  {
    ID: 't1',
    ServiceID: 's1',
    NodeID: 'n2',
    Status: { State: 'running', Err: '', Timestamp: '2026-11-21T08:00:00Z' },
    DesiredState: 'running',
    Spec: { ContainerSpec: { Image: 'web:1' } },
  },
];
const services = [
  {
    ID: 's1',
    Version: { Index: 9 },
    Spec: {
      Name: 'web',
      Labels: {},
      TaskTemplate: { ForceUpdate: 0, ContainerSpec: { Image: 'web:1' }, Placement: {} },
      Mode: { Replicated: { Replicas: 3 } },
    },
    UpdateStatus: { State: 'completed', Message: 'update completed' },
  },
];
const swarm = {
  ID: 'c1',
  Version: { Index: 10 },
  Spec: {
    Raft: { SnapshotInterval: 10_000 },
    Labels: { a: 'b' },
    EncryptionConfig: { AutoLockManagers: false },
  },
  RootRotationInProgress: false,
  DefaultAddrPool: ['10.200.0.0/16'],
  SubnetSize: 24,
};
const info = {
  ServerVersion: '26.1.5',
  DockerRootDir: '/var/lib/docker',
  Swarm: {
    NodeID: 'n1',
    NodeAddr: '10.88.0.11',
    LocalNodeState: 'active',
    ControlAvailable: true,
    Error: '',
    Managers: 3,
    Nodes: 5,
    Cluster: { ID: 'c1' },
  },
};
const configs = [{ ID: 'g1', Version: { Index: 3 }, Spec: { Name: 'lease', Labels: { a: 'b' } } }];

/** Every answer that decisions are made from. */
const samples: readonly (readonly [string, z.ZodType, unknown])[] = [
  ['nodes', answers.listOf(answers.nodeAnswer), nodes],
  ['tasks', answers.listOf(answers.taskAnswer), tasks],
  ['services', answers.listOf(answers.serviceAnswer), services],
  ['configs', answers.listOf(answers.configAnswer), configs],
  ['swarm', answers.swarmAnswer, swarm],
  ['info', answers.infoAnswer, info],
];

it('the first run of a job is told as an empty object', () => {
  const [service, task] = [services[0], tasks[0]];
  const seen = answers.serviceAnswer.parse({
    ...service,
    JobStatus: { JobIteration: {} },
    Spec: { ...service?.Spec, Mode: { ReplicatedJob: { TotalCompletions: 2 } } },
  });
  assert.deepEqual(seen.job, { completions: 2, iteration: 0 });
  assert.equal(answers.taskAnswer.parse({ ...task, JobIteration: {} }).iteration, 0);
});

/** Fields of facts that decide something: of one type, or there is no fact at all. */
const sound: Readonly<Record<string, (value: unknown) => boolean>> = {
  id: isWord,
  version: isCount,
  managers: isCount,
  nodes: isCount,
  subnetSize: isCount,
  snapshotInterval: isCount,
  replicas: (value) => value === undefined || isCount(value),
  hostname: isText,
  clusterId: (value) => value === undefined || isWord(value),
  isRootRotationInProgress: isFlag,
  isAutolocked: isFlag,
  isControlAvailable: isFlag,
  error: isText,
  labels: (value) => typeof value === 'object' && Object.values(value ?? {}).every(isText),
  role: (value) => value === 'manager' || value === 'worker',
  state: isWord,
  availability: isWord,
};

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isWord(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isFlag(value: unknown): boolean {
  return typeof value === 'boolean';
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function requireSound(facts: unknown, text: string): void {
  for (const item of Array.isArray(facts) ? (facts as unknown[]) : [facts]) {
    for (const [name, value] of Object.entries(item as object)) {
      assert.ok(
        sound[name]?.(value) !== false,
        `${name} is ${String(value)}: ${text.slice(0, 300)}`,
      );
    }
  }
}

describe('an engine’s answer in which one value is spoilt', () => {
  for (const [name, schema, sample] of samples) {
    it(`${name}: gives whole facts of the right types, or none`, () => {
      requireSound(schema.parse(sample), '');
      let refused = 0;
      forSpoiltJson(sample, (text) => {
        const found = schema.safeParse(JSON.parse(text));
        if (!found.success) {
          refused += 1;
          return;
        }
        const sent: unknown = JSON.parse(text);
        if (Array.isArray(sent)) assert.equal((found.data as unknown[]).length, sent.length);
        requireSound(found.data, text);
      });
      assert.ok(refused > 30, String(refused));
    });
  }

  it('one entry twice is no list', () => {
    const twice = answers.listOf(answers.nodeAnswer).safeParse([...nodes, nodes[0]]);
    assert.equal(twice.success, false);
  });
});

let server: Server | undefined;
after(() => {
  server?.closeAllConnections();
  server?.close();
});

/** An engine that answers everything with this text. */
async function engineThatSays(text: string): Promise<EngineClient> {
  server?.closeAllConnections();
  server?.close();
  server = createServer((request, response) => {
    response.setHeader('Api-Version', '1.44');
    response.end(request.url === '/_ping' ? 'OK' : text);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const streams: StreamSource = {
    async use(use) {
      const stream = connect({ host: '127.0.0.1', port });
      await once(stream, 'connect');
      try {
        return await use({ stream, complaint: () => '' });
      } finally {
        stream.destroy();
      }
    },
  };
  return new EngineClient('h1', streams);
}

describe('an engine’s answer that is none', () => {
  const whole = JSON.stringify(nodes);
  const broken = JSON.stringify(Array.from({ length: 20_000 }, () => ({ ID: 1 })));
  const rows: readonly (readonly [string, string])[] = [
    ['cut', whole.slice(0, -2)],
    ['empty', ''],
    ['another thing', 'null'],
    ['an error page', '<html>'],
    ['twenty thousand broken nodes', broken],
    ['megabytes', `["${'x'.repeat(5_000_000)}"]`],
    ['nested without end', '['.repeat(100_000)],
    ['a token that is cut', '{"JoinTokens":{"Worker":"SWMTKN-1-verysecret'],
  ];
  for (const [what, text] of rows) {
    it(`${what}: an error that names the host and the question, in a few lines`, async () => {
      const client = await engineThatSays(text);
      await assert.rejects(client.get(answers.listOf(answers.nodeAnswer), '/nodes'), (error) => {
        assert.ok(error instanceof SwarmError, String(error));
        assert.equal(error.code, 'EngineAnswerUnexpected');
        assert.match(error.message, /^h1: its engine answered \/nodes /);
        assert.ok(error.message.length < 1_200, String(error.message.length));
        assert.doesNotMatch(error.message, /verysecret/);
        return true;
      });
    });
  }

  it('of a load it is an error, whatever the error is made of', () => {
    assert.equal(loadError('{"error":"no space left"}'), 'no space left');
    for (const value of ['{"toString":1}', '[]', '1', 'null', '{}']) {
      assert.equal(loadError(`{"error":${value}}`), 'an error without a sentence');
    }
    forHostileTexts((text) => {
      assert.ok(['undefined', 'string'].includes(typeof loadError(text)));
    });
  });
});

describe('an answer of a host that is not whole', () => {
  const cut: Partial<ExecResult> = { isTruncated: true };
  const failed: Partial<ExecResult> = { code: 1, stderr: 'broken' };
  const ip = JSON.stringify([
    { ifname: 'eth0', addr_info: [{ local: '10.88.0.11', prefixlen: 24 }] },
  ]);
  const madison = ' docker.io | 26.1.5 | http://mirror trixie/main amd64 Packages\n';
  const facts =
    'hostname=a\nbootId=b\narchitecture=amd64\nclockSeconds=1\nfreeBytes=1\n\nID=debian\n';

  for (const over of [cut, failed]) {
    const what = JSON.stringify(over);
    it(`its addresses are unknown, not those that were seen: ${what}`, async () => {
      const exec = notingExec([], () => ({ stdout: ip, ...over }));
      await assert.rejects(new Iproute('h1', exec, followsNothing).addresses(), {
        code: 'AddressesUnreadable',
      });
    });
    it(`its versions are unknown, not those that were seen: ${what}`, async () => {
      const exec = notingExec([], () => ({ stdout: madison, ...over }));
      const one = () => Promise.resolve(1);
      const apt = new Apt('h1', exec, new HostFiles('h1', exec), systemClock, one);
      await assert.rejects(apt.available('docker.io'), { code: 'PackagesUnreadable' });
    });
    it(`its facts are unknown: ${what}`, async () => {
      const exec = notingExec([], () => ({ stdout: facts, ...over }));
      await assert.rejects(gatherHostFacts('h1', exec), { code: 'HostFactsUnreadable' });
    });
  }

  it('is whole where it says so', async () => {
    const addresses = await new Iproute(
      'h1',
      notingExec([], () => ({ stdout: ip })),
      followsNothing,
    ).addresses();
    assert.equal(addresses[0]?.address, '10.88.0.11');
    const found = await gatherHostFacts(
      'h1',
      notingExec([], () => ({ stdout: facts })),
    );
    assert.equal(found.os, 'debian:');
  });

  it('hostile text is an error of the host, never of the program', async () => {
    const texts: string[] = [];
    forHostileTexts((text) => {
      texts.push(text);
    });
    for (const stdout of texts) {
      const exec = notingExec([], () => ({ stdout }));
      const isKnown = (error: unknown): undefined => {
        assert.ok(error instanceof SwarmError, String(error).slice(0, 300));
        assert.ok(error.message.startsWith('h1: ') && error.message.length < 2_000);
      };
      await new Iproute('h1', exec, followsNothing).addresses().catch(isKnown);
      await gatherHostFacts('h1', exec).catch(isKnown);
    }
  });
});

describe('a record of a lab machine that is damaged', () => {
  const state = mkdtempSync(join(tmpdir(), 'swarm-records-'));
  after(() => {
    rmSync(state, { recursive: true, force: true });
  });
  const directories = { state, cache: state };
  const file = machinePaths(directories, 'test', 'm1').record;
  mkdirSync(dirname(file), { recursive: true });
  const record = {
    id: 'x',
    lab: 'test',
    name: 'm1',
    os: 'debian:12',
    image: 'debian-12-0123456789ab',
    address: '10.88.0.11',
    subnet: '10.88.0.0/24',
    hostPublicKey: 'ssh-ed25519 AAAA',
    labels: {},
    isPrepared: true,
  };

  async function read(text: string): Promise<typeof record | undefined> {
    writeFileSync(file, text);
    try {
      return await readMachine(directories, 'test', 'm1');
    } catch (error) {
      assert.ok(error instanceof SwarmError && error.code === 'LabRecordDamaged', String(error));
      assert.ok(error.message.startsWith(file));
      return undefined;
    }
  }

  it('is read as it was written', async () => {
    assert.deepEqual(await read(JSON.stringify(record)), record);
  });

  it('is an error that names its file wherever it was cut or spoilt', async () => {
    const texts: string[] = [];
    forCutTexts(JSON.stringify(record), (text) => {
      texts.push(text);
    });
    forSpoiltJson(record, (text) => {
      texts.push(text);
    });
    for (const text of texts) {
      const found = await read(text);
      if (found === undefined) continue;
      // Whatever else was spoilt: what becomes a path or an argument is as it must be.
      const { lab, name, address, subnet, image } = found;
      assert.match(lab, /^[a-z0-9-]+$/);
      assert.deepEqual([name, address, subnet], ['m1', '10.88.0.11', '10.88.0.0/24']);
      assert.match(image, /^[\w.-]+$/);
    }
  });

  it('is that of its own place only', async () => {
    for (const other of [{ name: 'm2' }, { name: '../../m1' }, { lab: '../other' }]) {
      assert.equal(await read(JSON.stringify({ ...record, ...other })), undefined);
    }
  });
});

describe('lines of files that others wrote', () => {
  it('a journal names its line, and leaves out only what a kill cut off', () => {
    const line = {
      at: '2026-11-21T08:00:00.000Z',
      event: 'start',
      operation: 'delete',
      urn: 'u',
      name: 'm1',
      sentence: 'drain m1',
    };
    const text = `${JSON.stringify(line)}\n`;
    assert.equal(parseJournal(`${text}${text.slice(0, 40)}`).length, 1);
    forSpoiltJson(line, (spoilt) => {
      try {
        const found = parseJournal(`${text}${spoilt}\n`);
        assert.equal(found.length, 2);
      } catch (error) {
        assert.ok(error instanceof SwarmError && error.code === 'RawFileDamaged', String(error));
        assert.match(error.message, /^journal: line 2 /);
      }
    });
  });

  it('known_hosts with many stars is read at once', () => {
    const stars = `${'*a'.repeat(60)}b ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==\n`;
    const startedMs = performance.now();
    assert.deepEqual(knownHostKeys(stars, 'a'.repeat(250), 22).trusted, []);
    forHostileTexts((text) => {
      assert.ok(Array.isArray(knownHostKeys(text, 'host', 22).trusted));
    });
    assert.ok(performance.now() - startedMs < 10_000);
  });
});
