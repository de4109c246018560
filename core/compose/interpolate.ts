import { isRecord } from '../isRecord';
import type { ComposePath } from './composeFault';

/** Values by name; never the environment of a process, unless its values were put here. */
export type Variables = Readonly<Record<string, string>>;

export interface InterpolationFault {
  readonly path: ComposePath;
  readonly reason: string;
}

/**
 * `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:?message}`, `${NAME?message}` and
 * `$$`, in values and not in keys (docker/cli `cli/compose/template`). Two differences, each on the
 * safe side: a variable that is not there and has no default is a fault, not the empty text; and
 * `$NAME-x` is NAME followed by `-x`, not a default.
 */
export function interpolate(
  value: unknown,
  variables: Variables,
): { readonly value: unknown; readonly faults: readonly InterpolationFault[] } {
  const faults: InterpolationFault[] = [];
  const visit = (item: unknown, path: ComposePath): unknown => {
    if (typeof item === 'string') {
      return substitute(item, variables, (reason) => faults.push({ path, reason }));
    }
    if (Array.isArray(item)) return item.map((each, index) => visit(each, [...path, index]));
    if (!isRecord(item)) return item;
    return Object.fromEntries(
      Object.entries(item).map(([key, each]) => [key, visit(each, [...path, key])]),
    );
  };
  return { value: visit(value, []), faults };
}

const pattern =
  /\$(?:(?<escaped>\$)|(?<named>[a-z_][a-z0-9_]*)|\{(?<braced>[a-z_][a-z0-9_]*)(?<rest>(?::?[-?])[^}]*)?\})?/gi;

function substitute(
  template: string,
  variables: Variables,
  fault: (reason: string) => void,
): string {
  return template.replace(pattern, (...match: unknown[]) => {
    const { escaped, named, braced, rest } = match.at(-1) as Record<string, string | undefined>;
    if (escaped !== undefined) return '$';
    const name = named ?? braced;
    if (name === undefined) {
      fault('has a `$` that begins no variable; write `$$` for a dollar');
      return '';
    }
    const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
    const [, colon = '', kind, text = ''] = /^(:?)([-?])([^]*)$/.exec(rest ?? '') ?? [];
    if (value !== undefined && (colon === '' || value !== '')) return value;
    if (kind === '-') {
      if (text.includes('$')) {
        fault(`has a default of ${name} with a variable in it, which is not supported`);
      }
      return text;
    }
    fault(
      kind === '?'
        ? `needs the variable ${name}: ${text === '' ? 'it has no value' : text}`
        : `needs the variable ${name}, which has no value; add it to \`variables\`, or give a default: \${${name}:-…}`,
    );
    return '';
  });
}
