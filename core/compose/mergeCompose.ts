import { isRecord } from '../isRecord';
import type { ComposeService } from './composeShape';
import type { ComposePort } from './shortForms';

/**
 * Merges a service of a later file into that of the files before, as `docker stack deploy -c … -c …`
 * does (docker/cli `cli/compose/loader/merge.go`): single values and commands are replaced, maps merged,
 * lists appended; ports, volumes, configs and secrets replace those of the same published port, target
 * or source. Where docker/cli loses what was said (a later `false` or 0; two protocols on one published
 * port) or makes nonsense (a health check's test appended to another), the later file wins here.
 */
export function mergeService(base: ComposeService, later: ComposeService): ComposeService {
  const merged = mergeMaps(base, later) as ComposeService;
  return {
    ...merged,
    ...replaced('command', base, later),
    ...replaced('entrypoint', base, later),
    ...keyed('ports', base, later, portKey),
    ...keyed('volumes', base, later, ({ target }) => target),
    ...keyed('configs', base, later, ({ source }) => source),
    ...keyed('secrets', base, later, ({ source }) => source),
    ...mergedNetworks(base, later),
    ...mergedHealthcheck(merged, later),
    ...mergedLogging(base, later),
    ...(later.ulimits === undefined ? {} : { ulimits: { ...base.ulimits, ...later.ulimits } }),
  };
}

function mergeMaps(
  base: Readonly<Record<string, unknown>>,
  later: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(later)) {
    const before = Object.hasOwn(base, key) ? base[key] : undefined;
    if (value === undefined) continue;
    if (isRecord(before) && isRecord(value)) result[key] = mergeMaps(before, value);
    else if (Array.isArray(before) && Array.isArray(value)) {
      result[key] = [...(before as readonly unknown[]), ...(value as readonly unknown[])];
    } else result[key] = value;
  }
  return result;
}

function replaced(
  key: 'command' | 'entrypoint',
  base: ComposeService,
  later: ComposeService,
): Partial<ComposeService> {
  const value = later[key]?.length === 0 ? base[key] : (later[key] ?? base[key]);
  return value === undefined ? {} : { [key]: value };
}

type Keyed = 'ports' | 'volumes' | 'configs' | 'secrets';
type Item<K extends Keyed> = NonNullable<ComposeService[K]>[number];

function keyed<K extends Keyed>(
  key: K,
  base: ComposeService,
  later: ComposeService,
  keyOf: (item: Item<K>) => string,
): Partial<ComposeService> {
  const [before, after] = [base[key], later[key]] as readonly (readonly Item<K>[] | undefined)[];
  if (before === undefined || after === undefined) return {};
  const taken = new Set(after.map(keyOf));
  return { [key]: [...before.filter((item) => !taken.has(keyOf(item))), ...after] };
}

function portKey({ published, protocol, target }: ComposePort): string {
  return published === 0 ? `to ${String(target)}/${protocol}` : `${String(published)}/${protocol}`;
}

/** A network named in both files: the aliases are those of the later one, addresses only if it has some. */
function mergedNetworks(base: ComposeService, later: ComposeService): Partial<ComposeService> {
  if (base.networks === undefined || later.networks === undefined) return {};
  const networks = { ...base.networks };
  for (const [name, attachment] of Object.entries(later.networks)) {
    networks[name] = { ...networks[name], ...attachment, aliases: attachment.aliases };
  }
  return { networks };
}

function mergedHealthcheck(
  merged: ComposeService,
  { healthcheck: later }: ComposeService,
): Partial<ComposeService> {
  if (later === undefined || merged.healthcheck === undefined) return {};
  const { disable, ...rest } = merged.healthcheck;
  if (later.test !== undefined) return { healthcheck: { ...rest, test: later.test } };
  // A later file that turns the check off means the test of the file before too.
  return later.disable === true ? { healthcheck: { disable: true } } : {};
}

function mergedLogging(
  { logging: base }: ComposeService,
  { logging: later }: ComposeService,
): Partial<ComposeService> {
  if (base === undefined || later === undefined) return {};
  const isOther =
    base.driver !== undefined && later.driver !== undefined && base.driver !== later.driver;
  // Options of one driver mean nothing to another.
  return isOther ? { logging: later } : {};
}
