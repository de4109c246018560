import { faultText } from '../../../core/compose/composeFault';
import { parseEnvFile } from '../../../core/compose/envFile';
import { loadCompose } from '../../../core/compose/loadCompose';
import type { ManagerContact } from '../../../core/connection';
import { SwarmError } from '../../../core/errors';
import type { RegistryLogin } from '../../../core/images';
import type { DeclaredPlace } from '../../../core/stack/placementFaults';
import { planStack, type Digests, type StackPlan } from '../../../core/stack/stackPlan';
import { withoutValues, type StackSummary } from '../../../core/stack/stackSummary';
import { hasUnknown, isMap } from '../../server/propertyValues';
import { unknown, type PropertyMap, type PropertyValue } from '../../server/resource';
import type { SwarmAccess } from '../ask/managers';
import { openDigests } from './digests';

/** Inputs of a Stack. */
export interface StackInputs {
  readonly name: string;
  readonly clusterId: string;
  readonly managers: readonly ManagerContact[];
  readonly compose: readonly { readonly name: string; readonly text: string }[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly secretVariables?: Readonly<Record<string, string>>;
  readonly envFiles?: Readonly<Record<string, string>>;
  readonly configs?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly nodes?: readonly DeclaredPlace[];
  readonly registries?: readonly RegistryLogin[];
  readonly images?: readonly string[];
  readonly onFailure?: 'keep' | 'rollback';
  readonly adopt?: boolean;
  readonly timeouts?: { readonly converge?: number; readonly blocked?: number };
  /** Worked out by Check. */
  readonly services?: StackSummary;
}

export function stackAccess(spec: StackInputs): SwarmAccess {
  return { clusterId: spec.clusterId, managers: spec.managers };
}

export type ReadPlan =
  | { readonly plan: StackPlan; readonly warnings: readonly string[] }
  | { readonly faults: readonly string[] };

/** What the inputs say; undefined while something of them is not known yet that it depends on. */
export function readPlan(inputs: PropertyMap, digests: Digests): ReadPlan | undefined {
  const { compose, variables, secretVariables, envFiles }: PropertyMap = inputs;
  const needed: PropertyMap = {
    compose,
    variables,
    secretVariables,
    envFiles,
    name: inputs['name'],
  };
  // The engine's Check of a new resource has no old inputs, as an empty map.
  if (hasUnknown(needed) || compose === undefined) return undefined;
  if (inputs['configs'] === unknown || inputs['secrets'] === unknown) return undefined;
  const spec = inputs as unknown as StackInputs;
  const values = { ...spec.variables, ...spec.secretVariables };
  const hide = hidden(inputs);
  const texts = (faults: readonly Parameters<typeof faultText>[0][]): readonly string[] =>
    faults.map((fault) => hide(faultText(fault)));
  const loaded = loadCompose({
    files: spec.compose,
    variables: values,
    envFiles: spec.envFiles ?? {},
  });
  if ('faults' in loaded) return { faults: texts(loaded.faults) };
  const contents = {
    variables: values,
    configs: contentsOf(inputs['configs']),
    secrets: contentsOf(inputs['secrets']),
  };
  const planned = planStack({ name: spec.name, compose: loaded.compose, contents, digests });
  return 'faults' in planned
    ? { faults: texts(planned.faults) }
    : { plan: planned.plan, warnings: loaded.warnings };
}

/** What `up` sends. @throws SwarmError `StackFaulty`: Check has seen these inputs, so only an older version can have written them. */
export function planOf(spec: StackInputs): Extract<ReadPlan, { readonly plan: StackPlan }> {
  const read = readPlan(spec as unknown as PropertyMap, openDigests(spec.name));
  if (read !== undefined && 'plan' in read) return read;
  throw new SwarmError(
    'StackFaulty',
    `${spec.name}: its compose files cannot be used: ${read?.faults.join('; ') ?? 'a part of them is not known'}; nothing was touched; mend them`,
    { source: 'user' },
  );
}

/** Takes the values of secret variables out of a text: for what is kept in the plain state. */
export function hidden(inputs: PropertyMap): (text: string) => string {
  return withoutValues(textsOf(inputs['secretVariables']));
}

/** A shorter value of an env_file (`info`, `8080`) is a word of any sentence, and no secret. */
const shortestSecret = 6;

/** Takes every value that nobody is to see out of a text: for what is said while a stack is worked on. */
export function hiddenInSentences(...all: readonly PropertyMap[]): (text: string) => string {
  return withoutValues(
    all.flatMap(({ secretVariables, secrets, envFiles, registries }: PropertyMap) => [
      ...(Array.isArray(registries) ? (registries as readonly PropertyValue[]) : []).flatMap(
        (login) =>
          isMap(login) && typeof login['password'] === 'string' ? [login['password']] : [],
      ),
      ...textsOf(secretVariables),
      ...textsOf(secrets),
      ...textsOf(envFiles)
        .flatMap((file) => Object.values(parseEnvFile(file) ?? {}))
        .filter((value): value is string => (value ?? '').length >= shortestSecret),
    ]),
  );
}

function textsOf(values: PropertyValue | undefined): readonly string[] {
  return isMap(values) ? Object.values(values).filter((value) => typeof value === 'string') : [];
}

function contentsOf(value: PropertyValue | undefined): Readonly<Record<string, string | null>> {
  if (!isMap(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([key, data]) => [key, typeof data === 'string' ? data : null]),
  );
}
