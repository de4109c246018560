import assert from 'node:assert/strict';
import { alpnDropInPath } from '../../core/alpnDropIn';
import { steps } from '../../core/steps';
import type { Effects } from '../../effects/effects';
import { ProviderProcess, emptyTranscript, sentences } from '../support/providerHarness';
import { plain } from '../support/declaredCluster';
import type { PropertyMap } from '../../provider/server/resource';
import type { ContractHost } from './contractHosts';

/** Makes a host a worker by our own Node, and returns what was said of ALPN. */
export async function joinAsNode(
  effects: Effects,
  { name, address, connection, host, docker }: ContractHost,
  managers: readonly ContractHost[],
): Promise<readonly string[]> {
  const [contact] = managers;
  assert.ok(contact !== undefined);
  const { clusterId } = await contact.docker.info();
  assert.ok(clusterId !== undefined);
  const transcript = emptyTranscript();
  const process = new ProviderProcess({ effects: () => effects }, { transcript });
  const inputs: PropertyMap = {
    ...{ name, address, connection: plain(connection), clusterId, role: 'worker' },
    ...{ engineId: 'engine', availability: 'drain' },
    managers: managers.map((each) => ({
      ...{ name: each.name, address: each.address, connection: plain(each.connection) },
    })),
  };
  const urn = `urn:pulumi:test::project::swarm:index:Node::${name}`;
  const { outputs, initErrors } = await process.call('create', urn, (resource, operation) =>
    resource.create(inputs, operation),
  );
  assert.equal(initErrors, undefined);
  assert.equal(outputs['nodeId'], (await docker.info()).nodeId);
  assert.equal(await host.files.read(alpnDropInPath), undefined);
  const said = [steps.withoutAlpn(name), steps.withAlpn(name)];
  return sentences(transcript).filter((sentence) => said.includes(sentence));
}
