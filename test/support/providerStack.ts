import assert from 'node:assert/strict';
import { shown } from '../../provider/resources/properties';
import type { PropertyMap } from '../../provider/server/resource';
import { contactsOf, inputsOf, links, plain, swarmInputs } from './declaredCluster';
import type { Declared, DeclaredNode, Link } from './declaredCluster';
import { resourceOf } from './providerHarness';
import type { ProviderProcess } from './providerHarness';
import { InitErrors, assertReplacedWhenUnknown, isInput, stateOf } from './savedResource';
import type { Saved } from './savedResource';

/**
 * What Pulumi's engine does with a cluster's resources, as far as the provider can tell: which calls,
 * in which order, with which properties. test/preview holds those rules against the real engine. A
 * resource is saved when its call has ended, and only then.
 */
export class Stack {
  /** By `<kind>/<name>`, in the order of their creation. */
  readonly saved = new Map<string, Saved>();

  constructor(public declared: Declared) {}

  get clusterId(): string {
    return shown(this.get('Swarm', 'cluster').outputs['clusterId']);
  }

  get(kind: string, name: string): Saved {
    const found = this.saved.get(`${kind}/${name}`);
    if (found === undefined) throw new Error(`the state has no ${kind} ${name}`);
    return found;
  }

  /** The first `up`: machines and engines side by side, the swarm on the first engine, then one join after another. */
  async found(process: ProviderProcess): Promise<void> {
    const [first, ...others] = this.declared.nodes;
    assert.ok(first !== undefined);
    const build = (name: string): Promise<void> =>
      this.applyLinks(process, name, ['HostIdentity', 'LabMachine', 'Engine']);
    await Promise.all([
      build(first.name).then(() => this.applySwarm(process)),
      ...others.map(({ name }) => build(name)),
    ]);
    for (const { name } of this.declared.nodes) {
      await this.applyLinks(process, name, ['Node', 'Balancer', 'VipMember']);
    }
    await this.applyServices(process);
  }

  /** A later `up`: the swarm at its head, node after node in `order` (default: as declared), removed ones at the end. */
  async up(process: ProviderProcess, order?: readonly string[]): Promise<void> {
    const names = this.declared.nodes.map(({ name }) => name);
    await this.applySwarm(process);
    let isActivated = false;
    for (const name of order ?? names) {
      // Workers come after what all managers meet at.
      if (!isActivated && this.node(name).role === 'worker') {
        await this.applyActivation(process);
        isActivated = true;
      }
      await this.applyNode(process, name);
    }
    if (!isActivated) await this.applyActivation(process);
    await this.applyRebalance(process, order ?? names);
    await this.applyServices(process);
    await this.removeNodes(process, (name) => !names.includes(name));
  }

  applyNode(process: ProviderProcess, name: string): Promise<void> {
    return this.applyLinks(
      process,
      name,
      links.map(({ kind }) => kind),
    );
  }

  /** Where any node is upgraded in place, as the component registers it. */
  async applyActivation(process: ProviderProcess): Promise<void> {
    const inPlace = this.declared.nodes.filter(({ engine }) => engine?.['upgrade'] === 'inPlace');
    if (inPlace.length === 0) return;
    const managers = inPlace.filter(({ role }) => role === 'manager');
    await this.apply(process, 'Activation', 'cluster-activation', {
      name: 'cluster-activation',
      clusterId: this.clusterId,
      managers: plain(contactsOf(this.declared)),
      engines: Object.fromEntries(
        managers.map(({ name }) => [name, this.get('Engine', name).outputs['revision']]),
      ),
    });
  }

  /** Behind all nodes, where it is declared; a run without it removes it. */
  async applyRebalance(process: ProviderProcess, order: readonly string[]): Promise<void> {
    const { rebalance } = this.declared;
    const name = 'cluster-rebalance';
    if (rebalance === undefined) {
      await this.remove(process, `Rebalance/${name}`);
      return;
    }
    await this.apply(process, 'Rebalance', name, {
      ...{ name, clusterId: this.clusterId, managers: plain(contactsOf(this.declared)), order },
      services: rebalance,
      nodes: Object.fromEntries(
        this.declared.nodes.map((node) => [
          node.name,
          this.get('Node', node.name).outputs['nodeId'],
        ]),
      ),
    });
  }

  /** What the engine reads before a run, whatever the run declares. */
  async refreshBefore(process: ProviderProcess): Promise<void> {
    for (const [key, { inputs }] of [...this.saved]) {
      const [kind = '', ...name] = key.split('/');
      const { refreshBeforeUpdate = false } = resourceOf(`swarm:index:${kind}`);
      const isRead =
        typeof refreshBeforeUpdate === 'function'
          ? refreshBeforeUpdate(inputs)
          : refreshBeforeUpdate;
      if (isRead) await this.refresh(process, kind, name.join('/'));
    }
  }

  /** `pulumi destroy`: everything in reverse, in a process that serves no program. */
  async destroy(process: ProviderProcess): Promise<void> {
    const services = [...this.saved.keys()].filter((key) => key.startsWith('Service/'));
    for (const key of services.reverse()) await this.remove(process, key);
    await this.remove(process, 'Rebalance/cluster-rebalance');
    await this.remove(process, 'Activation/cluster-activation');
    await this.removeNodes(process, () => true);
    await this.remove(process, 'Swarm/cluster');
  }

  /** The engine's Read of one resource: what it answers becomes the state, "gone" drops it. */
  async refresh(process: ProviderProcess, kind: string, name: string): Promise<Saved | undefined> {
    const old = this.get(kind, name);
    const found = await process.call('read', old.urn, (resource, operation) =>
      resource.read(old.id, { inputs: old.inputs, state: stateOf(old) }, operation),
    );
    if (found === undefined) {
      this.saved.delete(`${kind}/${name}`);
      return undefined;
    }
    const { initErrors = [], outputs, ...seen } = found;
    const own = Object.entries(outputs).filter(([property]) => !isInput(kind, property));
    const saved = { ...old, ...seen, outputs: Object.fromEntries(own), initErrors };
    this.saved.set(`${kind}/${name}`, saved);
    return saved;
  }

  /** The program registers the swarm, and nothing of it has changed: from here on the process serves an `up`. */
  registerSwarm(process: ProviderProcess): void {
    process.check(this.urnOf('Swarm', 'cluster'), swarmInputs(this.declared));
  }

  applySwarm(process: ProviderProcess): Promise<void> {
    return this.apply(process, 'Swarm', 'cluster', this.swarmInputs());
  }

  swarmInputs(): PropertyMap {
    return swarmInputs(this.declared);
  }

  inputsOf(link: Link, name: string): PropertyMap {
    return inputsOf(this.declared, link, this.node(name), {
      output: (other, property) => this.get(other, name).outputs[property],
      clusterId: () => this.clusterId,
    });
  }

  urnOf(kind: string, name: string): string {
    const role = this.declared.nodes.find((node) => node.name === name)?.role ?? 'worker';
    const component = `swarm:index:${role === 'manager' ? 'SwarmManager' : 'SwarmWorker'}$`;
    const parents = links.some((link) => link.kind === kind) ? component : '';
    return `urn:pulumi:test::project::swarm:index:SwarmCluster$${parents}swarm:index:${kind}::${name}`;
  }

  async create(
    process: ProviderProcess,
    kind: string,
    name: string,
    wanted: PropertyMap,
  ): Promise<void> {
    const urn = this.urnOf(kind, name);
    const created = await process.call('create', urn, (resource, operation) =>
      resource.create(wanted, operation),
    );
    this.save(`${kind}/${name}`, { ...created, urn, inputs: wanted });
  }

  /** Delete of what the state has of a resource, and nothing else; the state is left as it is. */
  async callDelete(process: ProviderProcess, kind: string, name: string): Promise<void> {
    await this.deleteSaved(process, this.get(kind, name));
  }

  private async applyServices(process: ProviderProcess): Promise<void> {
    for (const service of this.declared.services ?? []) {
      await this.apply(process, 'Service', shown(service['name']), {
        clusterId: this.clusterId,
        managers: plain(contactsOf(this.declared)),
        ...service,
      });
    }
  }

  /** Create, Update, replacement or nothing: what the engine makes of one resource's new inputs. */
  private async apply(
    process: ProviderProcess,
    kind: string,
    name: string,
    wanted: PropertyMap,
    replace: () => Promise<void> = () => Promise.reject(new Error(`${kind} ${name} replaced`)),
  ): Promise<void> {
    const old = this.saved.get(`${kind}/${name}`);
    const urn = this.urnOf(kind, name);
    const resource = resourceOf(`swarm:index:${kind}`);
    assert.deepEqual(process.check(urn, wanted, old?.inputs), [], `Check of ${kind} ${name}`);
    if (old === undefined) return this.create(process, kind, name, wanted);
    if (old.isPendingReplacement) return replace();
    const past = { inputs: old.inputs, state: stateOf(old) };
    const changes = Object.values(resource.diff(past, wanted).changes);
    if (changes.includes('replace')) return replace();
    if (changes.length === 0 && old.initErrors.length === 0) {
      this.saved.set(`${kind}/${name}`, { ...old, inputs: wanted });
      return;
    }
    // A worker that becomes a manager keeps its resources under its component's other type.
    const updated = await process.call('update', urn, (_, operation) =>
      resource.update(old.id, past, wanted, operation),
    );
    this.save(`${kind}/${name}`, { ...updated, id: old.id, urn, inputs: wanted });
  }

  async applyLinks(process: ProviderProcess, name: string, kinds: readonly Link[]): Promise<void> {
    const node = this.node(name);
    const hasVip = this.declared.vip !== undefined && node.role === 'manager';
    // What this run deleted already is only created: no second Delete of it.
    const deleted = new Set<Link>();
    for (const { kind } of links) {
      if (!kinds.includes(kind) || (kind === 'VipMember' && !hasVip)) continue;
      if (kind === 'Balancer' && !(hasVip && this.declared.balance !== undefined)) continue;
      const wanted = this.inputsOf(kind, node.name);
      await this.apply(process, kind, node.name, wanted, async () => {
        if (!deleted.has(kind)) await this.deleteChain(process, node.name, kind, deleted);
        await this.create(process, kind, node.name, wanted);
      });
    }
  }

  /** Delete before replace: dependents in reverse, whatever was done of it before, then the root, unless it is gone. */
  private async deleteChain(
    process: ProviderProcess,
    name: string,
    root: Link,
    deleted: Set<Link>,
  ): Promise<void> {
    const from = links.findIndex(({ kind }) => kind === root);
    for (const { kind, identity } of links.slice(from).reverse()) {
      const key = `${kind}/${name}`;
      const old = this.saved.get(key);
      if (old === undefined) continue;
      const isRoot = kind === root;
      if (!isRoot && identity !== undefined) assertReplacedWhenUnknown(kind, old, identity);
      if (!isRoot || !old.isPendingReplacement) await this.deleteSaved(process, old);
      this.saved.set(key, { ...old, isPendingReplacement: true });
      deleted.add(kind);
    }
  }

  private async removeNodes(
    process: ProviderProcess,
    isGoing: (name: string) => boolean,
  ): Promise<void> {
    const names = [...this.saved.keys()]
      .filter((key) => key.startsWith('HostIdentity/'))
      .map((key) => key.replace('HostIdentity/', ''));
    for (const name of names.filter(isGoing).reverse()) {
      for (const { kind } of [...links].reverse()) await this.remove(process, `${kind}/${name}`);
    }
  }

  /** The engine's Delete of one resource. */
  async remove(process: ProviderProcess, key: string): Promise<void> {
    const old = this.saved.get(key);
    if (old === undefined) return;
    if (!old.isPendingReplacement) await this.deleteSaved(process, old);
    this.saved.delete(key);
  }

  private async deleteSaved(process: ProviderProcess, old: Saved): Promise<void> {
    await process.call('delete', old.urn, (resource, operation) =>
      resource.delete(old.id, { inputs: old.inputs, state: stateOf(old) }, operation),
    );
  }

  private save(
    key: string,
    result: Pick<Saved, 'id' | 'urn' | 'inputs' | 'outputs'> & {
      readonly initErrors?: readonly string[];
    },
  ): void {
    const { initErrors = [] } = result;
    this.saved.set(key, { ...result, initErrors, isPendingReplacement: false });
    if (initErrors.length > 0) throw new InitErrors(initErrors);
  }

  private node(name: string): DeclaredNode {
    const found = this.declared.nodes.find((node) => node.name === name);
    if (found === undefined) throw new Error(`${name} is not declared`);
    return found;
  }
}
