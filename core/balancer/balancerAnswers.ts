import { SwarmError } from '../errors';
import { nodeOfServer } from './drainedServers';
import type { ServerKey } from './balancerSpec';

/** One server as a running HAProxy sees it. */
export interface ServerFacts {
  readonly key: ServerKey;
  /** Requests go to it. */
  readonly isUp: boolean;
  /** Somebody took it out of use: no new requests, whatever its health. */
  readonly isDrained: boolean;
  /** Requests and connections that it has at the moment. */
  readonly sessions: number;
  /** All requests and connections so far. */
  readonly total: number;
  /** Its last check met a refusal: nobody listens there. */
  readonly isRefused: boolean;
  /** HAProxy's own words, e.g. `DOWN`, `UP 1/2`, `DRAIN`. */
  readonly status: string;
}

/** `description` of an answer to `show info`; undefined: it says none. */
export function parseInfoDescription(answer: string): string | undefined {
  return /^description: (.+)$/m.exec(answer)?.[1]?.trim();
}

/**
 * The servers in an answer to `show stat`: comma-separated values whose columns are named in the first
 * line, since their number grows from version to version.
 *
 * @throws SwarmError `BalancerUnreadable` for an answer without the columns.
 */
export function parseStat(answer: string): readonly ServerFacts[] {
  const [head = '', ...rows] = answer.trim().split('\n');
  const columns = head.replace(/^# /, '').split(',');
  const at = (name: string): number => {
    const index = columns.indexOf(name);
    if (index >= 0) return index;
    throw new SwarmError(
      'BalancerUnreadable',
      `HAProxy: its answer to \`show stat\` has no column ${name}; which servers it uses is not known; look at the version of its package`,
      { source: 'world' },
    );
  };
  const [proxy, server, status, sessions, total, check] = [
    at('pxname'),
    at('svname'),
    at('status'),
    at('scur'),
    at('stot'),
    at('check_status'),
  ];
  return rows.flatMap((row) => {
    const cells = row.split(',');
    const name = cells[server] ?? '';
    if (row.trim() === '' || name === 'FRONTEND' || name === 'BACKEND') return [];
    const word = cells[status] ?? '';
    return [
      {
        key: `${cells[proxy] ?? ''}/${name}`,
        isUp: /^UP\b/.test(word),
        isRefused: /L4CON/.test(cells[check] ?? ''),
        isDrained: /^(DRAIN|MAINT|NOLB)\b/.test(word),
        sessions: Number(cells[sessions] ?? '0'),
        total: Number(cells[total] ?? '0'),
        status: word,
      },
    ];
  });
}

/**
 * Which servers of a node are to be drained: those in use, and those that an interrupted run has drained
 * already. The last one that answers at a port stays: without it every request there would fail.
 */
export function drainable(
  servers: readonly ServerFacts[],
  marked: readonly ServerKey[],
  node: string,
): { readonly drained: readonly ServerKey[]; readonly last: readonly ServerKey[] } {
  const own = servers.filter(({ key }) => nodeOfServer(key) === node);
  const inUse = own.filter(({ key, isUp }) => isUp || marked.includes(key));
  const isLast = ({ key, isUp }: ServerFacts): boolean =>
    isUp &&
    !servers.some(
      (other) => other.key !== key && proxyOf(other.key) === proxyOf(key) && other.isUp,
    );
  return {
    drained: inUse.filter((server) => !isLast(server)).map(({ key }) => key),
    last: inUse.filter(isLast).map(({ key }) => key),
  };
}

/** Servers that are drained in the file, or in the running HAProxy, although their node is in service. */
export function staleDrains(
  servers: readonly ServerFacts[],
  marked: readonly ServerKey[],
  inService: readonly string[],
): readonly ServerKey[] {
  const running = servers.filter(({ isDrained }) => isDrained).map(({ key }) => key);
  return [...new Set([...marked, ...running])].filter((key) =>
    inService.includes(nodeOfServer(key)),
  );
}

/** HAProxy's proxy in the key of a server. */
export function proxyOf(key: ServerKey): string {
  return key.split('/')[0] ?? '';
}
