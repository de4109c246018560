/** A cluster of lab machines, as its import file needs it. */
export interface ImportedCluster {
  /** Name of its SwarmCluster. */
  readonly name: string;
  readonly lab: string;
  readonly managers: readonly string[];
  readonly workers: readonly string[];
}

interface ImportedResource {
  readonly type: string;
  /** Unique in the file; children name their parent by it. */
  readonly name: string;
  readonly logicalName?: string;
  readonly parent?: string;
  readonly id?: string;
  readonly component?: true;
}

/** What `pulumi import --file` reads, docs/guide.md: every node's chain under its component. */
export function renderImportFile({ name, lab, managers, workers }: ImportedCluster): string {
  const asked = `${lab}/${managers[0] ?? ''}`;
  const resource = (
    type: string,
    logicalName: string,
    parent: string,
    id: string,
  ): ImportedResource => ({
    ...{ type: `swarm:index:${type}`, name: `${logicalName}-${type}`, logicalName, parent, id },
  });
  const chain = (role: 'Manager' | 'Worker', node: string): readonly ImportedResource[] => {
    const place = `${lab}/${node}`;
    return [
      { type: `swarm:index:Swarm${role}`, name: node, component: true, parent: name },
      resource('HostIdentity', node, node, place),
      resource('LabMachine', node, node, place),
      resource('Engine', node, node, place),
      resource('Node', node, node, `${asked}#${node}`),
      ...(role === 'Manager' ? [resource('VipMember', node, node, place)] : []),
    ];
  };
  const resources: readonly ImportedResource[] = [
    { type: 'swarm:index:SwarmCluster', name, component: true },
    resource('Swarm', name, name, asked),
    ...managers.flatMap((node) => chain('Manager', node)),
    ...workers.flatMap((node) => chain('Worker', node)),
  ];
  return JSON.stringify({ resources }, undefined, 2);
}

/** Arguments of `pulumi` that import a file without a question, a preview, or code for it. */
export function importArguments(file: string): readonly string[] {
  return ['--file', file, '--yes', '--skip-preview', '--protect=false', '--generate-code=false'];
}
