import { engineAnswersFile, engineProcessFile } from './engineChecks';
import type { VrrpFile } from './hostFile';
import { dropInPath, keepalivedDropIn } from './keepalivedDropIn';
import type { VrrpSpec } from './vrrpSpec';

/** Every file that an instance needs beside keepalived.conf. */
export function vrrpFiles(spec: VrrpSpec): readonly VrrpFile[] {
  return [engineProcessFile, engineAnswersFile, keepalivedDropIn(spec)];
}

/** Paths of every file that any instance of ours may have beside keepalived.conf. */
export const vrrpFilePaths: readonly string[] = [
  engineProcessFile.path,
  engineAnswersFile.path,
  dropInPath,
];
