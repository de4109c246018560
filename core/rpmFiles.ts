import type { NamedPackage } from './packageFiles';

const rpmName =
  /^([A-Za-z0-9][A-Za-z0-9._+-]{0,100})-([A-Za-z0-9][^-/\s]{0,100}-[A-Za-z0-9][^-/\s]{0,100})\.([a-z0-9_]{1,30})\.rpm$/;

/** `PACKAGE-VERSION-RELEASE.ARCHITECTURE.rpm`; undefined for a file that is no package by its name. */
export function parseRpmName(file: string): NamedPackage | undefined {
  const [, name, version, architecture] = rpmName.exec(file) ?? [];
  return name === undefined || version === undefined || architecture === undefined
    ? undefined
    : { file, name, version, architecture };
}
