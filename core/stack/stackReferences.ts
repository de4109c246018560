import type { ComposeFileObject, ComposeNetwork, ComposeService } from '../compose/composeShape';
import type { FileReference } from './containerSpec';
import type { NetworkAttachment } from './serviceBody';
import { scoped, type Fault } from './stackNames';
import type { KnownFile } from './stackPlan';

/** Readable for everybody in the container, as docker sets it. */
const defaultMode = 0o444;

/** What a service has of the stack's configs or secrets, by their names in the swarm. */
export function fileReferences(
  kind: 'config' | 'secret',
  wanted: ComposeService['configs'],
  declared: Readonly<Record<string, ComposeFileObject>>,
  files: readonly KnownFile[],
  fault: Fault,
): readonly FileReference[] {
  return (wanted ?? [])
    .flatMap((reference, index): FileReference[] => {
      const { source } = reference;
      if (!Object.hasOwn(declared, source)) {
        fault([`${kind}s`, index], `is the ${kind} ${source}, which no compose file declares`);
        return [];
      }
      const { target = source, uid = '0', gid = '0', mode = defaultMode } = reference;
      const name = files.find(({ key }) => key === source)?.name ?? source;
      return [{ name, file: { Name: target, UID: uid, GID: gid, Mode: mode } }];
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export function networkTarget(stack: string, key: string, network: ComposeNetwork): string {
  const { external, name } = network;
  if (external?.isExternal === true) return external.name ?? name ?? key;
  return name ?? scoped(stack, key);
}

/** Networks that the engine makes itself: they know no aliases. */
const predefined: readonly string[] = ['bridge', 'host', 'none', 'default'];

type Attachment = NonNullable<ComposeService['networks']>[string];
const onDefault: readonly [string, Attachment] = ['default', {}];

/** A service without networks is on the stack's `default`. */
export function networkAttachments(
  stack: string,
  serviceKey: string,
  { networks }: ComposeService,
  declared: Readonly<Record<string, ComposeNetwork>>,
  fault: Fault,
): readonly NetworkAttachment[] {
  const wanted = Object.entries(networks ?? {});
  return (wanted.length === 0 ? [onDefault] : wanted)
    .map(([key, { aliases = [], driver_opts }]): NetworkAttachment => {
      const isDeclared = Object.hasOwn(declared, key);
      if (!isDeclared && key !== 'default') {
        fault(['networks', key], 'is no network that a compose file declares');
      }
      const target = networkTarget(stack, key, isDeclared ? (declared[key] ?? {}) : {});
      const names = predefined.includes(target) ? aliases : [...aliases, serviceKey];
      return {
        Target: target,
        Aliases: names,
        ...(driver_opts === undefined ? {} : { DriverOpts: driver_opts }),
      };
    })
    .sort((a, b) => (a.Target < b.Target ? -1 : 1));
}
