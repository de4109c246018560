import type { RegisterResourceRequest } from '@pulumi/pulumi/proto/resource_pb';
import * as pulumi from '@pulumi/pulumi';
import type { PlanRolloutResult } from '../../../provider/types';
import { fakeOutputs } from './fakeOutputs';

/** One resource as the program registered it with the engine. */
export interface Registration {
  /** Last part of the type, e.g. `Engine`. */
  readonly type: string;
  readonly name: string;
  readonly isCustom: boolean;
  /** `Engine m1` of the parent; undefined: the stack. */
  readonly parent: string | undefined;
  /** Plain values; a secret is `{ secret: value }`. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** `Engine m1` and the like: what is waited for, by `dependsOn` and by properties. */
  readonly waitsFor: readonly string[];
  /** Resources behind each property. */
  readonly behind: Readonly<Record<string, readonly string[]>>;
  readonly deleteBeforeReplace: boolean | undefined;
  /** `Type name of ParentType parentName`, each part left out where the alias leaves it out. */
  readonly aliases: readonly string[];
  /** URNs of the parents that aliases name. */
  readonly aliasParents: readonly string[];
}

/** What a program registered, and what it called. */
export interface Recording {
  readonly registrations: readonly Registration[];
  readonly calls: readonly { readonly token: string; readonly inputs: Record<string, unknown> }[];
  /** The only resource of this type and name. Throws when there is none. */
  get(type: string, name: string): Registration;
  /** In the order in which they were registered: `Engine m1`. */
  names(type?: string): readonly string[];
}

/** What `planRollout` answers where a test does not say otherwise: a live swarm, nothing to do. */
export const quietPlan: PlanRolloutResult = {
  swarm: 'live',
  managers: [],
  batches: [],
  maxUnavailable: 1,
  turns: [],
  reasons: [],
  warnings: [],
};

/**
 * Runs a program on Pulumi's mocks to its end and says what it registered. Mocks are global to a
 * process, so programs run one after another.
 */
export async function recordProgram(
  program: () => void,
  plan: Partial<PlanRolloutResult> = {},
): Promise<Recording> {
  const registrations: Registration[] = [];
  const calls: { token: string; inputs: Record<string, unknown> }[] = [];
  await pulumi.runtime.setMocks({
    newResource: ({ type, name }) => ({ id: `${name}-id`, state: fakeOutputs(type, name) }),
    call: ({ token, inputs }) => {
      calls.push({ token, inputs: inputs as Record<string, unknown> });
      return { ...quietPlan, ...plan };
    },
  });
  listen((request) => registrations.push(registrationOf(request)));
  program();
  await pulumi.runtime.disconnect();
  const title = ({ type, name }: Registration): string => `${type} ${name}`;
  return {
    registrations,
    calls,
    get: (type, name) => {
      const found = registrations.filter((each) => title(each) === `${type} ${name}`);
      if (found.length !== 1 || found[0] === undefined) {
        throw new Error(
          `${type} ${name}: ${String(found.length)} in ${registrations.map(title).join(', ')}`,
        );
      }
      return found[0];
    },
    names: (type) =>
      registrations.filter((each) => type === undefined || each.type === type).map(title),
  };
}

type RegisterResource = (request: RegisterResourceRequest, ...rest: unknown[]) => unknown;

/** Pulumi's mocks hide parents, dependencies and options from a test; the request holds them. */
function listen(onRequest: (request: RegisterResourceRequest) => void): void {
  const monitor = pulumi.runtime.getMonitor() as unknown as { registerResource: RegisterResource };
  const registerResource = monitor.registerResource.bind(monitor);
  monitor.registerResource = (request, ...rest) => {
    onRequest(request);
    return registerResource(request, ...rest);
  };
}

function registrationOf(request: RegisterResourceRequest): Registration {
  const parent = request.getParent();
  return {
    type: lastType(request.getType()),
    name: request.getName(),
    isCustom: request.getCustom(),
    parent: parent === '' ? undefined : titleOf(parent),
    inputs: revealed(request.getObject()?.toJavaScript() ?? {}) as Record<string, unknown>,
    waitsFor: request.getDependenciesList().map(titleOf),
    behind: Object.fromEntries(
      [...request.getPropertydependenciesMap().entries()]
        .map(([key, value]): [string, string[]] => [key, value.getUrnsList().map(titleOf)])
        .filter(([, urns]) => urns.length > 0),
    ),
    deleteBeforeReplace: request.getDeletebeforereplacedefined()
      ? request.getDeletebeforereplace()
      : undefined,
    aliases: request.getAliasesList().map((alias) => {
      const spec = alias.getSpec();
      const parentUrn = spec?.getParenturn() ?? '';
      return [
        lastType(spec?.getType() ?? ''),
        spec?.getName() ?? '',
        parentUrn === '' ? '' : `of ${titleOf(parentUrn)}`,
      ]
        .filter((part) => part !== '')
        .join(' ');
    }),
    aliasParents: request
      .getAliasesList()
      .map((alias) => alias.getSpec()?.getParenturn() ?? '')
      .filter((urn) => urn !== ''),
  };
}

/** `Engine m1` of `urn:pulumi:stack::project::…$swarm:index:Engine::m1`. */
function titleOf(urn: string): string {
  const [, , types = '', name = ''] = urn.split('::');
  return `${lastType(types)} ${name}`;
}

function lastType(types: string): string {
  return types.split(/[$:]/).at(-1) ?? types;
}

/** Keys of the engine's own notation of a secret (sdk/go/common/resource/sig). */
const secretKey = '4dabf18193072939515e22adb298388d';

function revealed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revealed);
  if (typeof value !== 'object' || value === null) return value;
  if (secretKey in value) return { secret: revealed((value as { value?: unknown }).value) };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revealed(item)]));
}
