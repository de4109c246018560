import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createLab } from '../../effects/labMachines';
import { imageExec } from '../../effects/labMachines/imageExec';
import { findImage } from '../../effects/labMachines/images';
import type { LabMachineRecord } from '../../effects/lab';
import { diffInventory, takeInventory, type HostInventory } from '../../lab/inventory';
import { until } from '../../scenarios/until';
import { remote } from './support/remote';
import { machineSpec, reasonToSkip, takeDown } from './support/testLab';

const testLab = 'lab-test';
const virtualAddress = '10.91.0.100';

void reasonToSkip().then((reason) => {
  if (reason === undefined) suite();
  else test(reason, { skip: reason });
});

function suite(): void {
  describe('a lab with a machine of each OS', () => {
    const lab = createLab();
    const specs = [
      machineSpec(testLab, 't1', 'debian:12', '10.91.0.11', { labels: { rack: 'a' } }),
      machineSpec(testLab, 't2', 'debian:13', '10.91.0.12'),
    ] as const;
    const said: string[] = [];
    let untouched: HostInventory;
    let records: readonly LabMachineRecord[];
    const on = async (machine: string, command: string, stdin?: string): Promise<string> => {
      const { code, output } = await remote(await lab.connection(testLab, machine), command, stdin);
      assert.equal(code, 0, `${machine}: ${command}: ${output}`);
      return output.trim();
    };

    before(async () => {
      await takeDown(testLab);
      untouched = takeInventory({ lab: testLab });
      records = await Promise.all(
        specs.map((spec) => lab.ensure(spec, (sentence) => said.push(sentence))),
      );
    });
    after(() => takeDown(testLab));

    test('both run the OS that was asked for, under their own names', async () => {
      assert.deepEqual(
        records.map(({ isRunning, name, labels }) => ({ isRunning, name, labels })),
        [
          { isRunning: true, name: 't1', labels: { rack: 'a' } },
          { isRunning: true, name: 't2', labels: {} },
        ],
      );
      assert.match(await on('t1', 'hostname; cat /etc/os-release'), /^t1\n[^]*VERSION_ID="12"/);
      assert.match(await on('t2', 'hostname; cat /etc/os-release'), /^t2\n[^]*VERSION_ID="13"/);
      assert.notEqual(await on('t1', 'cat /etc/machine-id'), await on('t2', 'cat /etc/machine-id'));
      assert.ok(said.includes('booting t1'));
    });

    test('what builds an image has nothing of the caller’s environment, whose directories the image lacks', async (t) => {
      const image = await findImage('debian:12');
      assert.ok(image !== undefined);
      const before = process.env['TMPDIR'];
      process.env['TMPDIR'] = '/here/only';
      t.after(() => {
        if (before === undefined) delete process.env['TMPDIR'];
        else process.env['TMPDIR'] = before;
      });
      const { code, stdout } = await imageExec(image.directory)(['env']);
      assert.equal(code, 0);
      assert.match(stdout, /^HOME=\/root$/m);
      assert.doesNotMatch(stdout, /TMPDIR/);
    });

    test('no unit of a machine has failed', async () => {
      for (const machine of ['t1', 't2']) {
        const state = await remote(
          await lab.connection(testLab, machine),
          'systemctl is-system-running --wait; systemctl --failed --no-legend',
        );
        assert.equal(state.output.trim(), 'running');
      }
    });

    test('they reach each other by ping', async () => {
      await on('t1', 'ping -c 1 -W 5 10.91.0.12');
      await on('t2', 'ping -c 1 -W 5 10.91.0.11');
    });

    test('another host key than the recorded one is not let through', async () => {
      const connection = await lab.connection(testLab, 't1');
      const foreign = machineSpec(testLab, 'x', 'debian:12', '10.91.0.99').hostPublicKey;
      await assert.rejects(remote({ ...connection, hostKey: foreign }, 'true'));
    });

    test('the same machine asked for again is left untouched', async () => {
      const bootId = await on('t1', 'cat /proc/1/stat');
      const again = await lab.ensure(specs[0], () => undefined);
      assert.deepEqual(again, records[0]);
      assert.equal((await on('t1', 'cat /proc/1/stat')).split(' ')[21], bootId.split(' ')[21]);
    });

    test('bad requests are refused by name', async () => {
      const [t1] = specs;
      const refusals = [
        [{ ...t1, id: 't1-2' }, 'LabMachineExists'],
        [machineSpec(testLab, 't3', 'debian:12', '10.91.0.11'), 'LabAddressTaken'],
        [machineSpec(testLab, 't3', 'debian:12', '10.91.0.1'), 'LabAddressInvalid'],
        [machineSpec(testLab, 't3', 'debian:12', '10.92.0.11'), 'LabAddressInvalid'],
        [machineSpec(testLab, 't3', 'debian:99', '10.91.0.13'), 'LabImageUnknown'],
        [machineSpec(testLab, 'T 3', 'debian:12', '10.91.0.13'), 'LabNameInvalid'],
        [
          machineSpec(testLab, 't3', 'debian:12', '10.91.0.13', { lab: 'lab-test-beside' }),
          'LabAddressTaken',
        ],
        [
          {
            ...machineSpec(testLab, 't3', 'debian:12', '10.91.0.13'),
            hostPublicKey: t1.hostPublicKey,
          },
          'LabHostKeyInvalid',
        ],
      ] as const;
      for (const [spec, code] of refusals) {
        await assert.rejects(
          lab.ensure(spec, () => undefined),
          { code },
        );
      }
      assert.equal((await lab.records(testLab)).length, 2);
      assert.deepEqual(await lab.records('lab-test-beside'), []);
      await assert.rejects(lab.connection(testLab, 't3'), { code: 'LabMachineUnknown' });
    });

    test('removing it by another id does nothing', async () => {
      await lab.remove(testLab, 't1', 'somebody-else');
      assert.equal((await lab.record(testLab, 't1'))?.isRunning, true);
    });

    test('adoption changes the id, from the expected one only', async () => {
      await assert.rejects(lab.adopt(testLab, 't1', 'wrong', 'new'), { code: 'LabMachineExists' });
      await lab.adopt(testLab, 't1', 't1-1', 'new');
      assert.equal((await lab.record(testLab, 't1'))?.id, 'new');
      await lab.adopt(testLab, 't1', 'new', 't1-1');
    });

    test('labels are kept with the record', async () => {
      await lab.setLabels(testLab, 't2', { rack: 'b' });
      assert.deepEqual((await lab.record(testLab, 't2'))?.labels, { rack: 'b' });
    });

    test('a machine that was powered off comes back with address, host key and disk', async () => {
      await on('t2', 'cat > /root/kept && ip address add 10.91.0.77/24 dev eth0', 'kept');
      await lab.powerOff(testLab, 't2');
      assert.equal((await lab.record(testLab, 't2'))?.isRunning, false);
      await on('t1', '! ping -c 1 -W 1 10.91.0.12');
      await lab.powerOn(testLab, 't2');
      assert.equal(await on('t2', 'cat /root/kept'), 'kept');
      const addresses = await on('t2', 'ip -4 address show dev eth0');
      assert.match(addresses, /10\.91\.0\.12\/24/);
      assert.doesNotMatch(addresses, /10\.91\.0\.77/);
    });

    test('a reboot from inside keeps address and host key', async () => {
      const started = await on('t1', 'cat /proc/1/stat');
      await remote(await lab.connection(testLab, 't1'), 'systemctl reboot');
      await until(async () => {
        try {
          const now = await on('t1', 'cat /proc/1/stat');
          return now.split(' ')[21] !== started.split(' ')[21] ? true : 'it did not go down yet';
        } catch (error) {
          return String(error);
        }
      }, 60);
      await on('t1', 'ping -c 1 -W 5 10.91.0.12');
    });

    test('engine and keepalived can be installed from the suite', async () => {
      const install = 'DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends';
      await Promise.all([
        on('t1', `${install} docker.io keepalived`),
        on('t2', `${install} docker.io docker-cli keepalived`),
      ]);
      const version = "docker version --format '{{.Server.Version}}'";
      assert.match(await on('t1', version), /^20\.10\./);
      assert.match(await on('t2', version), /^26\.1\./);
      assert.match(await on('t1', "docker info --format '{{.Driver}}'"), /^overlay2$/);
    });

    test('a virtual address moves by multicast when its holder loses power', async () => {
      const holders = async (among: readonly string[]): Promise<readonly string[]> => {
        const held = await Promise.all(
          among.map(async (machine) =>
            (await on(machine, 'ip -4 address show dev eth0')).includes(`${virtualAddress}/`),
          ),
        );
        return among.filter((_, index) => held[index] === true);
      };
      for (const [machine, priority] of [
        ['t1', 100],
        ['t2', 150],
      ] as const) {
        await on(machine, 'cat > /etc/keepalived/keepalived.conf', keepalived(priority));
        await on(machine, 'systemctl restart keepalived');
      }
      await until(async () => {
        const now = await holders(['t1', 't2']);
        return now.join() === 't2' ? true : `held by ${now.join()}`;
      }, 30);
      await lab.powerOff(testLab, 't2');
      await until(async () => {
        const now = await holders(['t1']);
        return now.join() === 't1' ? true : 'held by nobody';
      }, 30);
    });

    test('removing the last machine removes every trace', async () => {
      for (const { name, id } of specs) await lab.remove(testLab, name, id);
      assert.deepEqual(await lab.records(testLab), []);
      assert.deepEqual(diffInventory(untouched, takeInventory({ lab: testLab })), []);
      await lab.remove(testLab, 't1', 't1-1');
    });
  });
}

function keepalived(priority: number): string {
  return `vrrp_instance vip {
  state BACKUP
  interface eth0
  virtual_router_id 51
  priority ${String(priority)}
  advert_int 1
  virtual_ipaddress {
    ${virtualAddress}/24
  }
}
`;
}
