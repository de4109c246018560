import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { connect } from 'node:net';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createLab } from '../../effects/labMachines';
import { setLink, setPackets, setWayOut } from '../../effects/labMachines/link';
import { defaultDirectories } from '../../effects/labMachines/layout';
import { restoreLab, saveLab } from '../../effects/labMachines/snapshot';
import { diffInventory, takeInventory, type HostInventory } from '../../lab/inventory';
import { until } from '../../scenarios/until';
import { remote } from './support/remote';
import { machineSpec, reasonToSkip, takeDown } from './support/testLab';

const noWay = 'RTNETLINK answers: No route to host';
const testLab = 'lab-test-snapshot';

void reasonToSkip().then((reason) => {
  if (reason === undefined) suite();
  else test(reason, { skip: reason });
});

function suite(): void {
  describe('a snapshot of a lab', () => {
    const lab = createLab();
    const specs = ['s1', 's2'].map((name, index) =>
      machineSpec(testLab, name, 'debian:12', `10.91.2.1${String(index)}`),
    );
    let directory: string;
    let snapshot: string;
    let untouched: HostInventory;
    const on = async (machine: string, command: string): Promise<string> => {
      const { code, output } = await remote(await lab.connection(testLab, machine), command);
      assert.equal(code, 0, `${machine}: ${command}: ${output}`);
      return output.trim();
    };

    before(async () => {
      await takeDown(testLab);
      untouched = takeInventory({ lab: testLab });
      directory = mkdtempSync(path.join(tmpdir(), 'swarm-lab-snapshot-'));
      snapshot = path.join(directory, 'golden');
      await Promise.all(specs.map((spec) => lab.ensure(spec, () => undefined)));
    });
    after(async () => {
      await takeDown(testLab);
      rmSync(directory, { recursive: true, force: true });
    });

    test('leaves the machines off, and has what was written to disk', async () => {
      await on('s1', 'echo golden > /etc/kept; rm /etc/issue; setfattr --help >/dev/null || true');
      await on('s2', 'mkdir -p /var/lib/docker/x && chown 1234:5678 /var/lib/docker/x');
      await saveLab(defaultDirectories, testLab, snapshot);
      const states = (await lab.records(testLab)).map(({ isRunning }) => isRunning);
      assert.deepEqual(states, [false, false]);
    });

    test('is refused while the lab has machines, and nothing of them changes', async () => {
      await assert.rejects(restoreLab(defaultDirectories, snapshot), /has the machines s1, s2/);
      assert.equal((await lab.records(testLab)).length, 2);
    });

    test('gives back what was deleted, added and owned, under the same keys and addresses', async () => {
      for (let round = 0; round < 2; round += 1) {
        await takeDown(testLab);
        assert.deepEqual(diffInventory(untouched, takeInventory({ lab: testLab })), []);
        await restoreLab(defaultDirectories, snapshot);
        await Promise.all(['s1', 's2'].map((name) => lab.powerOn(testLab, name)));
        assert.equal(await on('s1', 'cat /etc/kept; test ! -e /etc/issue'), 'golden');
        assert.equal(await on('s2', 'stat -c %u:%g /var/lib/docker/x'), '1234:5678');
        const { hostPublicKey, address, id } = (await lab.record(testLab, 's2'))!;
        assert.deepEqual(
          { hostPublicKey, address, id },
          {
            hostPublicKey: specs[1]!.hostPublicKey.trim(),
            address: specs[1]!.address,
            id: specs[1]!.id,
          },
        );
        // What happens after a restore does not get into the snapshot.
        await on('s1', 'echo changed > /etc/kept');
      }
    });

    test('of a lab without machines is refused, and so is one that is not there', async () => {
      await assert.rejects(saveLab(defaultDirectories, 'lab-test-none', snapshot), /no machine/);
      await assert.rejects(restoreLab(defaultDirectories, path.join(directory, 'x')), /is none/);
    });

    test('a cut link lets nothing through until it is mended, and the machine goes on', async () => {
      const bootId = await on('s2', 'cat /proc/sys/kernel/random/boot_id');
      await setLink(testLab, 's2', 'down');
      const ping = 'ping -c 1 -W 1 10.91.2.11 >/dev/null && echo there || echo silent';
      assert.equal(await on('s1', ping), 'silent');
      await setLink(testLab, 's2', 'up');
      await until(async () => (await on('s1', ping)) === 'there' || 'still silent', 10);
      assert.equal(await on('s2', 'cat /proc/sys/kernel/random/boot_id'), bootId);
      await assert.rejects(setLink(testLab, 'nobody', 'down'), /cannot be set down/);
    });

    test('packets are dropped without a word, longer than a missing neighbour is asked for', async () => {
      const knock = (): Promise<string> =>
        new Promise((resolve) => {
          const socket = connect({ host: '10.91.2.11', port: 22, timeout: 6000 });
          const told = (how: string): void => {
            socket.destroy();
            resolve(how);
          };
          socket.once('connect', () => {
            told('there');
          });
          socket.once('timeout', () => {
            told('silent');
          });
          socket.once('error', (error) => {
            told(error.message);
          });
        });
      for (let round = 0; round < 2; round += 1) {
        await setPackets(defaultDirectories, testLab, 's2', 'dropped');
      }
      assert.equal(await knock(), 'silent');
      await setPackets(defaultDirectories, testLab, 's2', 'passed');
      await until(async () => (await knock()) === 'there' || 'still silent', 10);
    });

    test('a machine whose way out is shut reaches its lab and nothing else, until it is open again', async () => {
      const route = 'ip -o route show default';
      const before = await on('s1', route);
      for (let round = 0; round < 2; round += 1) {
        await setWayOut(defaultDirectories, testLab, 's1', 'shut');
      }
      assert.equal(await on('s1', 'ip route get 192.0.2.1 2>&1 || true'), noWay);
      await on('s1', 'ping -c 1 -W 5 10.91.2.11');
      await setWayOut(defaultDirectories, testLab, 's1', 'open');
      assert.equal(await on('s1', route), before);
      await assert.rejects(
        setWayOut(defaultDirectories, testLab, 'nobody', 'shut'),
        /cannot be shut/,
      );
    });
  });
}
