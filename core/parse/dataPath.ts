import { isIpAddress } from '../addresses';
import type { DataPath } from '../overlayCause';

const defaultPort = 4789;

/**
 * Where a node takes overlay packets, of the engine's own docker-state.json; undefined: the file does not
 * tell. Without an address of its own the data path has the advertised one.
 */
export function parseDataPath(text: string | undefined): DataPath | undefined {
  const file = parseFile(text);
  const [own, advertised] = [file['DataPathAddr'], file['AdvertiseAddr']].map((value) =>
    typeof value === 'string' ? withoutPort(value) : '',
  );
  const address = own === '' ? advertised : own;
  if (address === undefined || !isIpAddress(address)) return undefined;
  const port = file['DataPathPort'];
  const isPort = typeof port === 'number' && Number.isInteger(port) && port > 0 && port < 65536;
  return { address, port: isPort ? port : defaultPort };
}

function parseFile(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** `10.0.0.1:2377`, `[fd00::1]:2377`, or an address alone. */
function withoutPort(text: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1];
  if (bracketed !== undefined) return bracketed;
  return isIpAddress(text) ? text : text.replace(/:\d+$/, '');
}
