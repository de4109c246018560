/** A published port in the form that compose and the Engine share. */
export interface ComposePort {
  readonly target: number;
  /** 0: the swarm chooses one. */
  readonly published: number;
  readonly protocol: string;
  readonly mode: 'host' | 'ingress';
  /** The one address that it was to be published on, which a swarm cannot. */
  readonly address?: string;
}

export interface ComposeMount {
  readonly type: 'volume' | 'bind' | 'tmpfs' | 'npipe' | 'cluster' | 'image';
  /** Empty: an anonymous volume, or none. */
  readonly source: string;
  readonly target: string;
  readonly isReadOnly: boolean;
  readonly propagation?: string | undefined;
  readonly hasNoCopy?: boolean | undefined;
  readonly subpath?: string | undefined;
  readonly tmpfsBytes?: number | undefined;
  readonly consistency?: string | undefined;
}

/** `[ip:][published:]target[/protocol]`, with ranges. */
export function parsePorts(spec: string): readonly ComposePort[] | undefined {
  const [, address = '', published = '', target = '', protocol = 'tcp'] =
    /^(?:(\[[\da-f:.]+\]|\d+(?:\.\d+){3}):)?(?:(\d+(?:-\d+)?)?:)?(\d+(?:-\d+)?)(?:\/(tcp|udp|sctp))?$/i.exec(
      spec,
    ) ?? [];
  const targets = portRange(target);
  if (targets === undefined) return undefined;
  const outside = published === '' ? targets.map(() => 0) : portRange(published);
  if (outside === undefined) return undefined;
  const isOneTarget = targets.length === 1;
  if (!isOneTarget && outside.length !== targets.length) return undefined;
  return outside.map((port, index) => ({
    target: targets[isOneTarget ? 0 : index] ?? 0,
    published: port,
    protocol: protocol.toLowerCase(),
    mode: 'ingress',
    ...(/^(?:0\.0\.0\.0|\[::\])?$/.test(address) ? {} : { address }),
  }));
}

export function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65_535;
}

function portRange(text: string): number[] | undefined {
  const [first, last = first] = text.split('-').map(Number);
  if (first === undefined || last === undefined || !isPort(first) || !isPort(last)) {
    return undefined;
  }
  return last < first ? undefined : Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

const propagations = ['rprivate', 'private', 'rshared', 'shared', 'rslave', 'slave'];

/** `[source:]target[:options]` (docker/cli `internal/volumespec`), for nodes that run Linux. */
export function parseMount(spec: string): ComposeMount | undefined {
  const [first = '', second, options = '', ...rest] = spec.split(':');
  if (rest.length > 0 || first === '' || second === '') return undefined;
  if (second === undefined) return { type: 'volume', source: '', target: first, isReadOnly: false };
  const words = options.split(',');
  return {
    type: /^[./~]/.test(first) ? 'bind' : 'volume',
    source: first,
    target: second,
    isReadOnly: words.includes('ro'),
    propagation: words.find((word) => propagations.includes(word)),
    ...(words.includes('nocopy') ? { hasNoCopy: true } : {}),
  };
}
