import { renderBalancer } from '../../../core/balancer/renderBalancer';
import { parseDrained } from '../../../core/balancer/drainedServers';
import { parseDescription } from '../../../core/balancer/parseBalancer';
import { errorMessage } from '../../../core/errors';
import { steps } from '../../../core/steps';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { refuseMarkerOfAnother } from '../ask/markers';
import { waitUntil } from '../ask/waitUntil';
import {
  balancerBusy,
  markServers,
  mostAttempts,
  ownBalancer,
  presentConfiguration,
  putBalancer,
} from './balancerHost';
import { balancerUnit, specOf } from './balancerSpec';
import type { BalancerInputs } from './balancerSpec';
import { drainedKeys } from './giveNodeBack';
import { namesInService } from './namesInService';
import { runningDescription, setServers } from './runtimeSocket';

/** HAProxy on a host of ours, running with this configuration, and no server drained that is in service. Safe to repeat. */
export async function bringBalancerUp(
  operation: Operation,
  host: Host,
  spec: BalancerInputs,
  id: string,
): Promise<void> {
  await refuseOthers(operation, host, spec.name);
  if ((await host.packages.installed('haproxy')) === undefined) {
    await operation.step(steps.installBalancer(spec.name), () =>
      host.packages.install({ haproxy: undefined }),
    );
  }
  await operation.step(steps.startBalancer(spec.name), async () => {
    const text = await configure(operation, host, spec, id);
    await host.systemd.enable(balancerUnit);
    const wanted = parseDescription(text);
    if ((await host.systemd.state(balancerUnit)) !== 'active') {
      await host.systemd.start(balancerUnit);
    } else if ((await runningTag(host, spec.name)) !== wanted) {
      await host.systemd.reload(balancerUnit);
    }
    // A reload ends before the new process answers.
    await waitUntil(
      operation,
      'HAProxy has read its configuration',
      spec.timeouts?.start ?? 60,
      async () => {
        const state = await host.systemd.state(balancerUnit);
        if (state !== 'active') return `${balancerUnit} is ${state}`;
        return (await runningTag(host, spec.name)) === wanted || 'it runs with the one before';
      },
    );
    await giveBackStale(operation, host, spec, text);
  });
}

async function runningTag(host: Host, name: string): Promise<string | undefined> {
  return runningDescription(host, name).catch(() => undefined);
}

/** Before a package is installed whose start could disturb what is there. */
async function refuseOthers(operation: Operation, host: Host, name: string): Promise<void> {
  await presentConfiguration(host, name);
  refuseMarkerOfAnother(
    operation,
    (await ownBalancer(host))?.marker,
    `${name}: HAProxy there`,
    'remove it there first',
  );
}

/** What others have drained meanwhile stays drained. */
async function configure(
  operation: Operation,
  host: Host,
  spec: BalancerInputs,
  id: string,
): Promise<string> {
  for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
    const present = await presentConfiguration(host, spec.name);
    const drained = present.kind === 'ours' ? parseDrained(present.text) : [];
    const text = renderBalancer(specOf(spec), { id, urn: operation.urn }, drained);
    if (await putBalancer(host, spec.name, present, text)) return text;
    operation.status('the configuration was changed meanwhile; looking again');
  }
  throw balancerBusy(spec.name);
}

/** What an interrupted run, or somebody by hand, has drained although its node works. */
async function giveBackStale(
  operation: Operation,
  host: Host,
  spec: BalancerInputs,
  text: string,
): Promise<void> {
  const { name } = spec;
  try {
    const keys = await drainedKeys({ name, host, text }, await namesInService(operation, spec));
    await setServers(host, name, keys, 'ready');
    if (keys.length > 0) await markServers(host, name, keys, false);
  } catch (error) {
    operation.log('warning', `${name}: no drained server was given back: ${errorMessage(error)}`);
  }
}
