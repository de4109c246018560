/** The interfaces that document the keys below a path of the configuration. */
const interfaces = {
  '': ['SwarmClusterArgs'],
  lab: ['LabMachinesArgs'],
  connection: ['SshConnection'],
  engine: ['EngineSpec'],
  'engine.images[]': ['ImageArchiveArgs'],
  'engine.source': [
    'DistributionSource',
    'DockerSource',
    'PackagesSource',
    'StaticSource',
    'PreinstalledSource',
  ],
  node: ['ClusterNodeArgs', 'SwarmNodeArgs'],
  vip: ['KeepalivedVipArgs'],
  'vip.balance': ['BalanceArgs'],
  'vip.balance.ports[]': ['BalancedPortArgs'],
  'vip.checks[]': ['VipCheckArgs'],
  backup: ['BackupArgs'],
  hooks: ['HooksArgs'],
  'registries[]': ['RegistryLoginArgs'],
  timeouts: ['NodeTimeoutsArgs'],
  'services[]': ['ServiceArgs'],
  'services[].ports[]': ['PublishedPortArgs'],
  'stacks[]': ['SwarmStackArgs'],
  'stacks[].timeouts': ['StackTimeoutsArgs'],
};

/** Keys that only a configuration has, or that mean a little more there. */
const ownDocs = {
  lab: 'Machines of a lab on this computer; without it the nodes are existing hosts.',
  'lab.name': 'Name of the lab. Default: the name of the stack.',
  connection: 'How existing hosts are reached; a node’s own `connection` overrides parts of it.',
  'connection.host': 'IP address or host name that sshd answers on. Default: the node’s `address`.',
  'connection.privateKeyFile':
    'File of this computer with the private key, in place of `privateKey`; `~/` is the home directory.',
  'node.connection': 'What is different for this host from the shared `connection`.',
  services: 'Services of the swarm, made when the cluster is up.',
  stacks: 'Stacks of compose files, deployed when the cluster is up (docs/stack.md).',
  'stacks[].name': 'Name of the stack: its services are `NAME_service`. A change replaces it.',
  'stacks[].secretVariables':
    'As `variables`, with values that are secret: `pulumi config set --path --secret`. Changed in place.',
};

/** Docstring of a key by its path, e.g. `managers[].labels`; empty where there is none. */
export function configurationDocs(exported) {
  return (path) => {
    const general = path
      .replace(/^(managers|workers)\[\]/, 'node')
      .replace(/^node\.(\w+)\./, '$1.');
    const at = general.lastIndexOf('.');
    const key = general.slice(at + 1);
    // Docker's names, with what a change of each costs in a table of their own.
    if (general.startsWith('engine.daemon.')) {
      return 'Of `daemon.json`, see [engine.md](engine.md#options-of-the-daemon).';
    }
    const names = interfaces[at === -1 ? '' : general.slice(0, at)] ?? [];
    return ownDocs[general] ?? memberDoc(exported, names, key);
  };
}

/** The first docstring of a property among interfaces. */
export function memberDoc(exported, names, key) {
  const docs = names.map(
    (name) =>
      exported.find((one) => one.name === name)?.members?.find((one) => one.name === key)?.doc,
  );
  return docs.find((doc) => doc !== undefined && doc !== '') ?? '';
}
