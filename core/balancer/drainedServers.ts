import type { ServerKey } from './balancerSpec';

/**
 * A server that a node's operation has drained is `disabled` in the file too: HAProxy would forget the
 * drain with every reload and restart. The mark also says that the server was in use before: one that no
 * check had found healthy is never drained, and so never waited for.
 */
const mark = ' disabled';

const serverLine = /^ {4}server (\S+) (\S+) check( disabled)?$/;

/** The servers that a file of ours marks as drained. */
export function parseDrained(text: string): readonly ServerKey[] {
  return servers(text).flatMap(({ key, isDrained }) => (isDrained ? [key] : []));
}

/** Every server of a file of ours. */
export function parseServers(text: string): readonly ServerKey[] {
  return servers(text).map(({ key }) => key);
}

/** A file of ours with these servers drained, or back; all others as they are. */
export function withDrained(text: string, keys: readonly ServerKey[], isDrained: boolean): string {
  let proxy = '';
  return text
    .split('\n')
    .map((line) => {
      proxy = /^listen (\S+)$/.exec(line)?.[1] ?? proxy;
      const match = serverLine.exec(line);
      if (match === null || !keys.includes(`${proxy}/${match[1] ?? ''}`)) return line;
      return `    server ${match[1] ?? ''} ${match[2] ?? ''} check${isDrained ? mark : ''}`;
    })
    .join('\n');
}

/** The node's port that requests for a server go to; undefined: the file has no such server. */
export function portOfServer(text: string, key: ServerKey): number | undefined {
  return servers(text).find((server) => server.key === key)?.port;
}

/** Name of the node that a server is. */
export function nodeOfServer(key: ServerKey): string {
  return key.split('/')[1] ?? '';
}

function servers(
  text: string,
): readonly { readonly key: ServerKey; readonly port: number; readonly isDrained: boolean }[] {
  let proxy = '';
  return text.split('\n').flatMap((line) => {
    proxy = /^listen (\S+)$/.exec(line)?.[1] ?? proxy;
    const match = serverLine.exec(line);
    return match === null
      ? []
      : [
          {
            key: `${proxy}/${match[1] ?? ''}`,
            port: Number(match[2]?.slice(match[2].lastIndexOf(':') + 1)),
            isDrained: match[3] !== undefined,
          },
        ];
  });
}
