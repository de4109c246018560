import { isHostname, isIpAddress } from './addresses';
import type { Connection } from './connection';

/** What `pulumi import` is given for a resource. */
export interface ImportId {
  readonly connection: Connection;
  /** What is behind a `#`: one of several things at that place. */
  readonly name: string | undefined;
}

/**
 * `LAB/MACHINE` for a machine of a lab, or `[USER@]HOST[:PORT]` for a host that is reached by the SSH
 * agent and known_hosts; either with `#NAME` behind it. An ID has no place for keys: it is in the state in plain text.
 */
export function parseImportId(id: string): ImportId | undefined {
  const [where = '', name, ...rest] = id.split('#');
  const connection = labConnection(where) ?? sshConnection(where);
  return connection === undefined || rest.length > 0 || name === ''
    ? undefined
    : { connection, name };
}

function labConnection(where: string): Connection | undefined {
  const [lab = '', machine = '', ...rest] = where.split('/');
  const isLabel = (text: string): boolean => isHostname(text) && text === text.toLowerCase();
  return rest.length === 0 && isLabel(lab) && isLabel(machine) ? { lab, machine } : undefined;
}

function sshConnection(where: string): Connection | undefined {
  const [, user, bracketed, plain, port] =
    /^(?:([a-z_][a-z0-9_.-]*)@)?(?:\[([^\]]+)\]|([^:[\]@/]+))(?::(\d{1,5}))?$/i.exec(where) ?? [];
  const host = bracketed ?? plain ?? '';
  const isNamed = bracketed === undefined && host.split('.').every(isHostname);
  if (!isIpAddress(host) && !isNamed) return undefined;
  const number = port === undefined ? 22 : Number(port);
  if (number < 1 || number > 65535) return undefined;
  return {
    host,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: number }),
  };
}
