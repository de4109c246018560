import assert from 'node:assert/strict';
import type { ManagerContact } from '../../core/connection';
import type { PropertyMap } from '../../provider/server/resource';
import { contactsOf, nodeContactsOf, plain } from './declaredCluster';
import type { FakeWorld } from './fakeWorld/fakeWorld';
import { emptyTranscript, ProviderProcess, resourceOf, type Transcript } from './providerHarness';
import type { Stack } from './providerStack';
import { InitErrors } from './savedResource';

export const stackUrn =
  'urn:pulumi:test::project::swarm:index:SwarmStack$swarm:index:Stack::numbers';

/** A stack as the engine keeps it: its state is what the last call that succeeded left. */
export class StackRun {
  urn = stackUrn;
  inputs: PropertyMap | undefined;
  outputs: PropertyMap = {};
  initErrors: readonly string[] = [];
  transcript: Transcript = emptyTranscript();

  constructor(
    readonly world: FakeWorld,
    private readonly stack: Stack,
  ) {}

  wanted(text: string, more: PropertyMap = {}): PropertyMap {
    return {
      name: 'numbers',
      clusterId: this.stack.clusterId,
      managers: plain(contactsOf(this.stack.declared)),
      compose: [{ name: 'stack.yml', text }],
      secrets: { key: 'hunter2' },
      configs: { settings: 'a=1' },
      ...more,
    };
  }

  /** Every declared node, and how it is reached. */
  nodes(): readonly ManagerContact[] {
    return nodeContactsOf(this.stack.declared);
  }

  process(fault?: ConstructorParameters<typeof ProviderProcess>[1]): ProviderProcess {
    this.transcript = emptyTranscript();
    return new ProviderProcess(this.world, { transcript: this.transcript, ...fault });
  }

  /** Check, and then Create, Update or nothing. */
  async up(wanted: PropertyMap, process = this.process()): Promise<readonly string[]> {
    const resource = resourceOf('swarm:index:Stack');
    process.check(this.urn, wanted, this.inputs);
    // As the engine sends it: nothing old is an empty map.
    const { inputs, failures } = resource.check(wanted, this.inputs ?? {});
    assert.deepEqual(failures, []);
    const old = this.inputs;
    if (old === undefined) {
      const created = await process.call('create', this.urn, (_, operation) =>
        resource.create(inputs, operation),
      );
      return this.save(inputs, created);
    }
    const past = { inputs: old, state: { ...old, ...this.outputs } };
    const changes = Object.keys(resource.diff(past, inputs).changes);
    if (changes.length === 0 && this.initErrors.length === 0) return [];
    const updated = await process.call('update', this.urn, (_, operation) =>
      resource.update('id', past, inputs, operation),
    );
    this.save(inputs, updated);
    return changes.sort();
  }

  /** What the preview of a first `up` says. */
  async previewCreate(wanted: PropertyMap): Promise<readonly string[]> {
    return this.process().call('create', this.urn, async (resource, operation) => [
      ...((await resource.previewCreate?.(wanted, operation)) ?? []),
    ]);
  }

  private save(
    inputs: PropertyMap,
    { outputs, initErrors = [] }: { outputs: PropertyMap; initErrors?: readonly string[] },
  ): readonly string[] {
    this.inputs = inputs;
    this.outputs = outputs;
    this.initErrors = initErrors;
    if (initErrors.length > 0) throw new InitErrors(initErrors);
    return [];
  }

  async refresh(): Promise<void> {
    const found = await this.process().call('read', this.urn, (resource, operation) =>
      resource.read('id', { inputs: this.inputs ?? {}, state: this.outputs }, operation),
    );
    this.inputs = found?.inputs;
    this.initErrors = found?.initErrors ?? [];
  }

  destroy(process = this.process()): Promise<void> {
    return process.call('delete', this.urn, (resource, operation) =>
      resource.delete('id', { inputs: this.inputs ?? {}, state: this.outputs }, operation),
    );
  }

  names(kind: 'services' | 'networks' | 'configs' | 'secrets'): readonly string[] {
    const swarm = this.world.swarm();
    const all =
      kind === 'services'
        ? swarm.services.map(({ spec }) => spec.name)
        : kind === 'networks'
          ? swarm.networks.filter(({ isRemoved }) => isRemoved !== true).map(({ name }) => name)
          : swarm[kind].map(({ name }) => name);
    return all
      .filter((name) => name.startsWith('numbers_'))
      .map((name) => name.replace(/_[0-9a-f]{10}$/, '_#'))
      .sort();
  }

  image(service: string): string | undefined {
    return this.world.swarm().services.find(({ spec }) => spec.name === service)?.spec.image;
  }

  edit(change: (swarm: ReturnType<FakeWorld['swarm']>) => void): void {
    this.world.edit(({ swarms }) => {
      for (const swarm of Object.values(swarms)) change(swarm);
    });
  }
}
