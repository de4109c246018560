import { describeLocked } from '../../../core/autolock';
import { SwarmError, errorMessage } from '../../../core/errors';
import type { Connection } from '../../../core/connection';
import type { EngineInfo } from '../../../core/facts';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';

/** What one declared address is, with "no answer" as a value of its own. */
export type HostStanding =
  | { readonly kind: 'member'; readonly host: Host; readonly info: EngineInfo }
  /** A manager that waits for its unlock key; which swarm it is in, it cannot tell. */
  | { readonly kind: 'locked'; readonly host: Host; readonly info: EngineInfo }
  /** The host answers, and no swarm is on it: `info` is undefined while it has no running engine. */
  | { readonly kind: 'none'; readonly host: Host; readonly info: EngineInfo | undefined }
  /** Its lab says that there is no such machine. */
  | { readonly kind: 'absent' }
  | {
      readonly kind: 'unknown';
      readonly why: string;
      readonly host: Host | undefined;
      /** It answers, and is not known to be the host that it should be: it is not only silent. */
      readonly isStranger?: true;
    };

/** What is known to be in no swarm: "no answer" is not. */
export function isOutside({ kind }: HostStanding): boolean {
  return kind === 'none' || kind === 'absent';
}

/** The file that an engine keeps exactly while it belongs to a swarm. */
export const swarmStateFile = '/var/lib/docker/swarm/docker-state.json';

const strangerCodes: readonly string[] = ['HostKeyChanged', 'HostKeyUnknown'];

/** Whether the host behind a connection belongs to a swarm. Never throws. */
export async function hostStanding(
  operation: Operation,
  connection: Connection,
): Promise<HostStanding> {
  let host: Host;
  try {
    host = await operation.effects.hosts.connect(connection);
  } catch (error) {
    const code = error instanceof SwarmError ? error.code : '';
    if (code === 'LabMachineUnknown') return { kind: 'absent' };
    return {
      ...{ kind: 'unknown', why: errorMessage(error), host: undefined },
      ...(strangerCodes.includes(code) ? { isStranger: true } : {}),
    };
  }
  try {
    const info = await host.docker.info();
    if (info.localNodeState === 'locked') return { kind: 'locked', host, info };
    return { kind: info.localNodeState === 'inactive' ? 'none' : 'member', host, info };
  } catch (error) {
    return standingWithoutEngine(host, errorMessage(error));
  }
}

/** An engine that does not answer may be stopped, and its host a member all the same: its files tell. */
async function standingWithoutEngine(host: Host, why: string): Promise<HostStanding> {
  try {
    const state = await host.files.read(swarmStateFile);
    return state === undefined
      ? { kind: 'none', host, info: undefined }
      : { kind: 'unknown', why: `its engine does not answer, and it is in a swarm: ${why}`, host };
  } catch (error) {
    return { kind: 'unknown', why: errorMessage(error), host };
  }
}

/** What depends on a locked manager cannot be done; nothing of it is guessed. */
export function managerLocked(name: string): SwarmError {
  return new SwarmError('ManagerLocked', `${describeLocked(name)}; nothing was touched`, {
    source: 'world',
  });
}
