import { readFileSync } from 'node:fs';
import {
  ComponentResource,
  CustomResource,
  runtime,
  secret,
  type ComponentResourceOptions,
  type CustomResourceOptions,
  type Input,
  type Output,
  type Resource,
} from '@pulumi/pulumi';

/** What a test declares. Nodes are chained in their order. */
export interface Declaration {
  readonly nodes: readonly NodeDeclaration[];
  /** Sets the option on every child; left out: `true`, as our components do. `null`: not set at all. */
  readonly deleteBeforeReplace?: boolean | null;
  /** Given to the provider's function `plan`. */
  readonly plan?: unknown;
}

export interface NodeDeclaration {
  readonly name: string;
  readonly kind?: 'Manager' | 'Worker';
  readonly os?: string;
  readonly version?: string;
  readonly role?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly password?: string;
  readonly contacts?: readonly string[];
  /** Component name that it had before. */
  readonly previousName?: string;
}

class Link extends CustomResource {
  declare readonly machineId: Output<string>;
  declare readonly engineId: Output<string>;
  declare readonly nodeId: Output<string>;

  constructor(
    type: string,
    name: string,
    inputs: Readonly<Record<string, Input<unknown>>>,
    options: CustomResourceOptions,
  ) {
    super(
      `probe:index:${type}`,
      name,
      { machineId: undefined, engineId: undefined, nodeId: undefined, ...inputs },
      options,
    );
  }
}

/** A node as our components make it: aliases for both kinds, the option on every child. */
class NodeComponent extends ComponentResource {
  readonly last: Resource;

  constructor(node: NodeDeclaration, declaration: Declaration, after: readonly Resource[]) {
    super(`probe:index:${node.kind ?? 'Manager'}`, node.name, {}, componentAliases(node));
    const { deleteBeforeReplace = true } = declaration;
    const options = (child: string): CustomResourceOptions => ({
      parent: this,
      dependsOn: [...after],
      ...(deleteBeforeReplace === null ? {} : { deleteBeforeReplace }),
      ...(node.previousName === undefined
        ? {}
        : { aliases: [{ name: node.previousName }, { name: child }] }),
    });
    const machine = new Link(
      'Machine',
      node.name,
      {
        os: node.os ?? 'debian:12',
        labels: node.labels ?? {},
        password: secret(node.password ?? 'none'),
      },
      options(node.name),
    );
    const engine = new Link(
      'Engine',
      node.name,
      { machineId: machine.machineId, version: node.version ?? '20.10' },
      options(node.name),
    );
    this.last = new Link(
      'Node',
      node.name,
      { engineId: engine.engineId, role: node.role ?? 'manager', contacts: node.contacts ?? [] },
      options(node.name),
    );
    this.registerOutputs();
  }
}

function componentAliases(node: NodeDeclaration): ComponentResourceOptions {
  const names = [node.name, ...(node.previousName === undefined ? [] : [node.previousName])];
  return {
    aliases: ['Manager', 'Worker'].flatMap((kind) =>
      names.map((name) => ({ type: `probe:index:${kind}`, name })),
    ),
  };
}

const declaration = JSON.parse(
  readFileSync(process.env['PROGRAM_DECLARATION'] ?? '', 'utf8'),
) as Declaration;
let after: readonly Resource[] = [];
for (const node of declaration.nodes) {
  after = [new NodeComponent(node, declaration, after).last];
}
if (declaration.plan !== undefined) {
  void runtime.invoke('probe:index:plan', { nodes: declaration.plan });
}
