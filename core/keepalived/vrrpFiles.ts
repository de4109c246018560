import { balancerCheckFile } from './balancerCheck';
import { checkFiles, httpCheckFile, tcpCheckFile } from './checkScripts';
import { engineAnswersFile, engineProcessFile } from './engineChecks';
import type { VrrpFile } from './hostFile';
import { dropInPath, keepalivedDropIn } from './keepalivedDropIn';
import { nodeCheckFile } from './nodeCheck';
import { vrrpListener } from './vrrpListener';
import type { VrrpSpec } from './vrrpSpec';

/** Every file that an instance needs beside keepalived.conf. */
export function vrrpFiles(spec: VrrpSpec): readonly VrrpFile[] {
  return [
    engineProcessFile,
    engineAnswersFile,
    ...(spec.trackNode === false ? [] : [nodeCheckFile]),
    ...(spec.isBalanced === true ? [balancerCheckFile] : []),
    ...checkFiles(spec.checks ?? []),
    keepalivedDropIn(spec),
  ];
}

/** Paths of every file that any instance of ours may have beside keepalived.conf. */
export const vrrpFilePaths: readonly string[] = [
  engineProcessFile.path,
  engineAnswersFile.path,
  nodeCheckFile.path,
  balancerCheckFile.path,
  tcpCheckFile.path,
  httpCheckFile.path,
  // Left by a run that died while it listened.
  vrrpListener.path,
  dropInPath,
];
