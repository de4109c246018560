import { z } from 'zod';
import { SwarmError } from '../../core/errors';
import type { LocalDataFacts } from '../../core/facts';
import type { Exec } from '../ssh/sshExec';
import { containerAnswer, volumesAnswer } from './answers';
import { containerCheckLabel } from './containerCheck';
import type { EngineClient } from './engineClient';

type Volume = NonNullable<z.infer<typeof volumesAnswer>['Volumes']>[number];

/** Types of mounted volumes whose content is not on this machine, or not on any disk. */
const remoteTypes = new Set(['nfs', 'nfs4', 'cifs', 'smb3', 'ceph', 'glusterfs', 'tmpfs']);

/** What would be lost with the machine: looked for on its disk, because the API does not tell. */
export async function gatherLocalData(
  subject: string,
  client: EngineClient,
  exec: Exec,
): Promise<LocalDataFacts> {
  const { Volumes } = await client.get(volumesAnswer, '/volumes');
  const containers = await client.get(z.array(containerAnswer), '/containers/json', {
    query: { all: '1' },
  });
  const volumes: string[] = [];
  for (const volume of Volumes ?? []) {
    if (volume.Driver === 'local' && (await holdsData(subject, volume, exec))) {
      volumes.push(volume.Name);
    }
  }
  return {
    volumes,
    containers: containers
      .filter(
        ({ Labels }) => !('com.docker.swarm.task.id' in Labels) && !(containerCheckLabel in Labels),
      )
      .map(({ Id, Names }) => Names[0]?.replace(/^\//, '') ?? Id),
  };
}

async function holdsData(subject: string, volume: Volume, exec: Exec): Promise<boolean> {
  const type = volume.Options?.['type'] ?? '';
  if (remoteTypes.has(type)) {
    return false;
  }
  const device = volume.Options?.['device'];
  if (device !== undefined && type !== '' && type !== 'none' && type !== 'bind') {
    // A disk of this machine, which is mounted only while a container uses it.
    return true;
  }
  return isNotEmpty(subject, device ?? volume.Mountpoint, exec);
}

async function isNotEmpty(subject: string, folder: string, exec: Exec): Promise<boolean> {
  // Of anything else find would make an expression, and some of those delete.
  if (!folder.startsWith('/')) throw unreadable(subject, folder, 'it is no path from the root');
  const result = await exec(['find', folder, '-mindepth', '1', '-print', '-quit'], {
    timeoutSeconds: 30,
  });
  if (result.code === 0) {
    return result.stdout !== '';
  }
  if (result.stderr.includes('No such file or directory') && result.stdout === '') {
    return false;
  }
  throw unreadable(subject, folder, result.stderr.trim());
}

function unreadable(subject: string, folder: string, why: string): SwarmError {
  return new SwarmError(
    'LocalDataUnreadable',
    `${subject}: ${folder} cannot be looked into (${why}); whether it holds data is not known; check the disk of the host`,
    { source: 'world' },
  );
}
