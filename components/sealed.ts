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

export function sealedContacts(contacts: readonly ManagerContact[]): ManagerContactArgs[] {
  return contacts.map(({ name, address, connection, isStandIn }) => ({
    name,
    address,
    connection: sealed(connection),
    ...(isStandIn === undefined ? {} : { isStandIn }),
  }));
}

export function sealedLogins(logins: readonly RegistryLoginArgs[]): RegistryLoginArgs[] {
  return logins.map((login) => ({ ...login, password: pulumi.secret(login.password) }));
}
