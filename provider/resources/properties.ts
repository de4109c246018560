import type { InputFailure } from '../../core/errors';
import { isList, isMap } from '../server/propertyValues';
import type { PropertyMap, PropertySchema, PropertyValue } from '../server/resource';
import { unknown } from '../server/resource';

export type Properties = Readonly<Record<string, PropertySchema>>;

export const text = (description: string, isRequired = true): PropertySchema => ({
  type: 'string',
  description,
  isRequired,
});

export const secretText = (description: string, isRequired = true): PropertySchema => ({
  type: 'string',
  description,
  isRequired,
  isSecret: true,
});

export const flag = (description: string): PropertySchema => ({ type: 'boolean', description });

export const any = (description: string): PropertySchema => ({ type: 'any', description });

export const count = (description: string, isRequired = false): PropertySchema => ({
  type: 'integer',
  description,
  isRequired,
});

export const seconds = (description: string): PropertySchema => ({ type: 'number', description });

export const list = (
  items: PropertySchema,
  description: string,
  isRequired = false,
): PropertySchema => ({ type: 'array', description, items, isRequired });

export const textMap = (description: string): PropertySchema => ({
  type: 'object',
  description,
  additionalProperties: { type: 'string', description: 'value' },
});

export const record = (
  properties: Properties,
  description: string,
  isRequired = true,
): PropertySchema => ({ type: 'object', description, properties, isRequired });

const inputOnly = (property: PropertySchema): PropertySchema => ({
  ...property,
  isInputOnly: true,
});

/** `Connection` of core/connection.ts. */
export const connectionProperty = inputOnly(
  record(
    {
      host: text('IP address or host name that sshd answers on.', false),
      port: count('TCP port of sshd. Default: 22.'),
      user: text('Login user. Default: root. Any other user needs sudo without a password.', false),
      privateKey: secretText('Private key in OpenSSH or PEM form.', false),
      privateKeyFile: text('File with the private key where Pulumi runs, in place of it.', false),
      privateKeyPassword: secretText('Passphrase of `privateKey`.', false),
      password: secretText('Password of the login user.', false),
      agentSocketPath: text('Path of the SSH agent’s socket.', false),
      hostKey: text('The host’s public key. Default: ~/.ssh/known_hosts.', false),
      lab: text('Name of a lab on this computer, in place of `host`.', false),
      machine: text('Name of the machine in that lab.', false),
    },
    'How the host is reached: SSH, or a machine of a lab on this computer. A change of it is no change of the resource.',
  ),
);

/** `EngineSourceSpec` of core/engineSource.ts; which properties belong to which kind is checked there. */
export const engineSourceProperty = record(
  {
    kind: text(
      '`distribution`, `docker`, `packages`, `static` or `preinstalled`. A change replaces the engine.',
    ),
    url: text(
      '`docker`: address of the repository, above `debian` and `ubuntu`. Default: `https://download.docker.com/linux`. `static`: address of the archive. Changed in place.',
      false,
    ),
    directory: text(
      '`packages`: directory with the .deb files on the computer that runs Pulumi. Changed in place.',
      false,
    ),
    path: text(
      '`static`: the archive on the computer that runs Pulumi; or `url`. Changed in place.',
      false,
    ),
    sha256: text('`static`: SHA-256 of the archive. A change replaces the engine.', false),
    fingerprint: text(
      '`docker`: fingerprint of the key that signs the repository. Default: that of Docker’s. Changed in place.',
      false,
    ),
  },
  'Where the engine comes from. Default: the distribution’s packages.',
  false,
);

/** `ManagerContact[]` of core/connection.ts. */
export const managersProperty = inputOnly(
  list(
    record(
      {
        name: text('Name of the manager.'),
        address: text('IP address of the manager.'),
        connection: connectionProperty,
        isStandIn: flag(
          'A worker that may be a manager while the only one is out. Default: false.',
        ),
      },
      'A declared manager.',
    ),
    'Every declared manager, as plain data: how operations reach the swarm. A change of it is no change of the resource.',
    true,
  ),
);

/** `RegistryLogin[]` of core/images.ts. */
export const registriesProperty = (description: string): PropertySchema =>
  inputOnly(
    list(
      record(
        {
          server: text(
            'Host name of the registry, with its port where it has one, e.g. `registry.example:5000`. Docker Hub is `docker.io`.',
          ),
          username: text('User name.'),
          password: secretText('Password or access token.'),
        },
        'A login.',
      ),
      description,
    ),
  );

/** `NodeTimeouts` of core/rollPolicy.ts, each optional. */
export const nodeTimeoutsProperty = record(
  {
    gate: seconds('Seconds to wait for the lease, and then at the gate. Default: 300.'),
    drain: seconds('Seconds for the drain. Default: 300.'),
    demote: seconds('Seconds for the demotion. Default: 120.'),
    leave: seconds('Seconds for leaving; 60 more for the swarm to see it. Default: 60.'),
    join: seconds('Seconds for the join. Default: 120.'),
    ready: seconds(
      'Seconds until the node is ready in its role, and then until its overlay answers. Default: 120.',
    ),
    services: seconds('Seconds until services are as before. Default: 300.'),
  },
  'How long each step may take.',
  false,
);

/** `VipPolicy` of core/rollPolicy.ts. */
export const vipPolicyProperty = record(
  {
    allowGap: flag(
      'Whether the holder of the virtual IP may go although nobody takes it over. Default: false.',
    ),
    preferred: text(
      'Node that has the virtual IP after a roll, or `stay`. Default: `stay`.',
      false,
    ),
  },
  'What is declared of the virtual IP beside what its members have.',
  false,
);

/** `Hook[]` of core/hooks.ts. */
export const hooksProperty = list(
  record(
    {
      moment: text('`before` anything of the node is touched, or `after` it is back.'),
      node: text(
        'The one node that it is for. Default: every node that has none of its own.',
        false,
      ),
      command: list(
        { type: 'string', description: 'A word.' },
        'An argv. Its words are plain: what is secret belongs into `env`.',
        true,
      ),
      env: { ...textMap('Further environment variables.'), isSecret: true },
      timeoutSeconds: seconds('Seconds until it is stopped and counts as failed. Default: 300.'),
    },
    'A command.',
  ),
  'Commands on the computer that runs Pulumi, around each node that goes; docs/hooks.md. A change of it is no change of the resource.',
);

/** `RollPolicy` of core/rollPolicy.ts. */
export const rollPolicyProperty = record(
  {
    maxUnavailable: count('How many workers may be out at once. Default: that of each node.'),
    timeouts: nodeTimeoutsProperty,
    standIn: any(
      'A worker that is a manager while one is out: `true` for the first healthy one, or its name. Default: nobody.',
    ),
    startFirst: any(
      'Nodes whose tasks are moved start-first before their drain: `true` for all, or their names. Default: none.',
    ),
    allowOutage: flag(
      'An only manager is replaced without anybody in its place; needs `backup`. Default: false.',
    ),
    backup: record(
      { directory: text('Directory of the computer that runs Pulumi.') },
      'Where raft is backed up before the first manager of a run goes. Default: nowhere.',
      false,
    ),
    vip: vipPolicyProperty,
    hooks: flag('There are `hooks`. Default: false.'),
    engines: any(
      'Engines of nodes whose machines stay, which are brought near while a node that is replaced still serves: `nodes`, `os`, `version`, `source`. Default: none.',
    ),
    canary: text(
      'The roll pauses behind its first node; tells this change from another. Default: it does not pause.',
      false,
    ),
  },
  'How nodes go in the present run. Changed in place; a node that goes has it from here, since what is stored of it is of the run before.',
  false,
);

/**
 * Checks types, required properties and unknown names against a schema; unknown values pass. Every
 * failure at once, with its path.
 */
export function checkProperties(schema: Properties, inputs: PropertyMap): readonly InputFailure[] {
  return checkRecord('', schema, inputs);
}

function checkRecord(path: string, schema: Properties, value: PropertyMap): InputFailure[] {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const missing = Object.entries(schema).filter(
    ([name, property]) => property.isRequired === true && isAbsent(value[name]),
  );
  const foreign = Object.keys(value).filter((name) => schema[name] === undefined);
  return [
    ...missing.map(([name]) => ({ property: at(name), reason: 'is required' })),
    ...foreign.map((name) => ({
      property: at(name),
      reason: `is not known here; known are ${Object.keys(schema).join(', ')}`,
    })),
    ...Object.entries(value).flatMap(([name, item]) => {
      const property = schema[name];
      return property === undefined || isAbsent(item) ? [] : checkValue(at(name), property, item);
    }),
  ];
}

function checkValue(
  path: string,
  schema: PropertySchema,
  value: PropertyValue | undefined,
): InputFailure[] {
  if (value === unknown || value === undefined || schema.type === 'any') return [];
  const wrong = (wanted: string): InputFailure[] => [
    {
      property: path,
      reason: `must be ${wanted}, and is ${describeType(value, schema.isSecret === true)}`,
    },
  ];
  switch (schema.type) {
    case 'string':
      return typeof value === 'string' ? [] : wrong('a string');
    case 'boolean':
      return typeof value === 'boolean' ? [] : wrong('true or false');
    case 'number':
      return typeof value === 'number' ? [] : wrong('a number');
    case 'integer':
      return Number.isInteger(value) ? [] : wrong('a whole number');
    case 'array':
      return isList(value)
        ? value.flatMap((item, index) =>
            schema.items === undefined
              ? []
              : checkValue(`${path}[${String(index)}]`, schema.items, item),
          )
        : wrong('a list');
    case 'object':
      return checkObject(path, schema, value, wrong);
  }
}

function checkObject(
  path: string,
  schema: PropertySchema,
  value: PropertyValue,
  wrong: (wanted: string) => InputFailure[],
): InputFailure[] {
  if (!isMap(value)) return wrong('a map');
  if (schema.properties !== undefined) return checkRecord(path, schema.properties, value);
  const items = schema.additionalProperties;
  if (items === undefined) return [];
  return Object.entries(value).flatMap(([name, item]) =>
    checkValue(`${path}.${name}`, items, item),
  );
}

function isAbsent(value: PropertyValue | undefined): boolean {
  return value === undefined || value === null;
}

function describeType(value: PropertyValue, isSecret: boolean): string {
  if (value === null) return 'null';
  if (isList(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return isSecret ? `a ${typeof value}` : `the ${typeof value} ${JSON.stringify(value)}`;
}

/** A property as text for sentences and IDs; what is not known yet is said so. */
export function shown(value: PropertyValue | undefined): string {
  if (value === unknown) return '(not known yet)';
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}
