import * as pulumi from '@pulumi/pulumi';
import type { Connection, ManagerContact } from '../core/connection';
import { isLabConnection } from '../core/connection';
import type { ConnectionArgs, ManagerContactArgs, RegistryLoginArgs } from '../provider/types';

/** A connection whose keys and passwords are encrypted in the state and never shown. */
export function sealed(connection: Connection): ConnectionArgs {
  if (isLabConnection(connection)) return connection;
  const { privateKey, privateKeyPassword, password, ...rest } = connection;
  return {
    ...rest,
    ...(privateKey === undefined ? {} : { privateKey: pulumi.secret(privateKey) }),
    ...(privateKeyPassword === undefined
      ? {}
      : { privateKeyPassword: pulumi.secret(privateKeyPassword) }),
    ...(password === undefined ? {} : { password: pulumi.secret(password) }),
  };
}

/** Every node of a cluster takes the same list: its secrets are made once, and not for each of a thousand nodes. */
const sealedLists = new WeakMap<readonly ManagerContact[], ManagerContactArgs[]>();

export function sealedContacts(contacts: readonly ManagerContact[]): ManagerContactArgs[] {
  const known = sealedLists.get(contacts);
  if (known !== undefined) return known;
  const list = contacts.map(({ name, address, connection, isStandIn }) => ({
    name,
    address,
    connection: sealed(connection),
    ...(isStandIn === undefined ? {} : { isStandIn }),
  }));
  sealedLists.set(contacts, list);
  return list;
}

export function sealedLogins(logins: readonly RegistryLoginArgs[]): RegistryLoginArgs[] {
  return logins.map((login) => ({ ...login, password: pulumi.secret(login.password) }));
}
