import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import * as fc from 'fast-check';
import { SwarmError } from '../../core/errors';
import { Apt } from '../../effects/apt';
import { systemClock } from '../../effects/clock';
import type { EngineClient } from '../../effects/engine/engineClient';
import { gatherLocalData } from '../../effects/engine/localData';
import { HostFiles } from '../../effects/hostFiles';
import { Iproute } from '../../effects/iproute';
import { requireSpec } from '../../effects/labMachines/spec';
import { commandLine } from '../../effects/ssh/privilege';
import type { Exec } from '../../effects/ssh/sshExec';
import { generateSshKeyPair } from '../../effects/sshKeyPair';
import { forHostileValues, hostileValue } from '../support/hostileValues';
import { followsNothing, notingExec } from '../support/rootCommands';

const folder = mkdtempSync(join(tmpdir(), 'swarm-hostile-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** The command line of root, run by a real shell in an empty folder. */
const shellExec: Exec = (argv, { stdin, environment = {}, rights = 'root' } = {}) => {
  const line = commandLine(argv, { isRoot: true, rights, environment, timeoutSeconds: 20 });
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', line], {
    cwd: folder,
    encoding: 'utf8',
    input: typeof stdin === 'string' ? stdin : '',
  });
  return Promise.resolve({ code: status ?? -1, stdout, stderr, isTruncated: false, durationMs: 1 });
};

const argument = hostileValue.map((text) =>
  Buffer.from(text.replaceAll('\0', ''), 'utf8').toString('utf8'),
);

describe('a value from the configuration on its way through a shell', () => {
  it('arrives as one argument, and as one variable', () => {
    fc.assert(
      fc.property(
        fc.array(argument, { minLength: 1, maxLength: 6 }),
        argument,
        (argv, variable) => {
          const script = 'printf "%s\\0" "$VARIABLE" "$@"';
          const line = commandLine(['sh', '-c', script, 'sh', ...argv], {
            isRoot: true,
            rights: 'root',
            environment: { VARIABLE: variable },
          });
          const seen = spawnSync('/bin/sh', ['-c', line], { encoding: 'utf8', cwd: folder }).stdout;
          assert.deepEqual(seen.split('\0').slice(0, -1), [variable, ...argv]);
        },
      ),
      { numRuns: 100 },
    );
    assert.deepEqual(readdirSync(folder), []);
  });

  it('is refused where no argument can hold it', () => {
    assert.throws(
      () => commandLine(['echo', 'a\0b'], { isRoot: true, rights: 'root' }),
      /NUL character/,
    );
  });

  it('stays content in a file, and a name in a path', async () => {
    const files = new HostFiles('h', shellExec);
    const values = fc.sample(argument, 15).filter((text) => text.trim() === text && text !== '');
    for (const [index, value] of values.entries()) {
      const name = `${String(index)}${value.replaceAll('/', '_').slice(0, 60)}`;
      const path = join(folder, 'files', name);
      await files.write(path, value);
      assert.equal(readFileSync(path, 'utf8'), value);
      assert.equal(await files.read(path), value);
      await files.remove(path);
    }
    assert.deepEqual(readdirSync(join(folder, 'files')), []);
    rmSync(join(folder, 'files'), { recursive: true });
  });

  it('is no command of the probe of a port', async () => {
    const network = new Iproute('h', shellExec, followsNothing);
    for (const value of [
      '$(touch owned)',
      '`touch owned`',
      '; touch owned',
      '127.0.0.1/1; touch owned',
    ]) {
      await network.probe(value, 1, 1).catch((error: unknown) => {
        assert.ok(error instanceof SwarmError && error.code === 'ProbeFailed');
      });
    }
    assert.deepEqual(readdirSync(folder), []);
  });

  it('is no option of apt', async () => {
    for (const value of ['--help', '-oAPT::Foo=1', '1.0; reboot', '$(reboot)', 'a\nb']) {
      const noted: (readonly string[])[] = [];
      const exec = notingExec(noted);
      const apt = new Apt('h', exec, new HostFiles('h', exec), systemClock, () =>
        Promise.resolve(1),
      );
      await apt.install({ 'docker.io': value, [value]: undefined });
      const install = noted.find((argv) => argv.includes('install') && argv[0] === 'apt-get');
      assert.deepEqual(install?.slice(install.indexOf('--')), ['--', `docker.io=${value}`, value]);
    }
  });
});

describe('a volume of the engine whose folder is an expression of find', () => {
  for (const device of ['-delete', '!', '(', 'relative']) {
    it(`"${device}" is not looked into`, async () => {
      const client = {
        get: (_: unknown, path: string) =>
          Promise.resolve(
            path === '/volumes'
              ? { Volumes: [{ Name: 'v', Driver: 'local', Mountpoint: device }] }
              : [],
          ),
      } as unknown as EngineClient;
      const noted: (readonly string[])[] = [];
      await assert.rejects(gatherLocalData('h', client, notingExec(noted)), {
        code: 'LocalDataUnreadable',
      });
      assert.deepEqual(noted, []);
    });
  }
});

describe('a lab machine with a hostile value', () => {
  const pair = generateSshKeyPair('test');
  const spec = {
    id: 'x',
    lab: 'test',
    name: 'm1',
    subnet: '10.88.0.0/24',
    address: '10.88.0.11',
    os: 'debian:12',
    hostPrivateKey: pair.privateKey,
    hostPublicKey: pair.publicKey,
    labels: {},
  };

  it('is a good one to begin with', () => {
    requireSpec(spec);
  });

  for (const key of ['lab', 'name', 'subnet', 'address', 'hostPublicKey'] as const) {
    it(`as its ${key} is refused before anything is made`, () => {
      forHostileValues((value) => {
        try {
          requireSpec({ ...spec, [key]: value });
        } catch (error) {
          assert.ok(error instanceof SwarmError, String(error));
          return;
        }
        assert.match(value, /^[a-z0-9][a-z0-9./-]*$/);
      });
    });
  }

  it('with a line behind its public key is refused', () => {
    const twoLines = `${pair.publicKey}\n@cert-authority * ssh-ed25519 AAAA`;
    assert.throws(
      () => {
        requireSpec({ ...spec, hostPublicKey: twoLines });
      },
      { code: 'LabHostKeyInvalid' },
    );
  });
});
