import { isEngineRunning } from './machines';
import type { MachineState, VipGroup, WorldState } from './state';
import { timing } from './timing';

/** The parts of a keepalived.conf that decide who holds an address. */
interface Bid {
  readonly machine: MachineState;
  readonly priority: number;
  readonly addresses: readonly string[];
  /** Machines of one group hear each other: the same router ID, advertised address, version, password and way. */
  readonly group: string;
  /** It may take the address from a living holder: its file has no `nopreempt`. */
  readonly preempts: boolean;
}

export function stepVips(state: WorldState, nowMs: number): void {
  const bids = Object.values(state.machines)
    .flatMap((machine) => readBid(machine, nowMs) ?? [])
    .sort(byRank);
  const wanted = new Set([...Object.keys(state.vips), ...bids.flatMap((bid) => bid.addresses)]);
  for (const address of wanted) {
    const bidders = bids.filter((bid) => bid.addresses.includes(address));
    const vip = (state.vips[address] ??= { holder: undefined, holders: [], groups: {} });
    const groups = new Set([...Object.keys(vip.groups), ...bidders.map(({ group }) => group)]);
    for (const group of groups) {
      vip.groups[group] = stepGroup(
        state,
        vip.groups[group] ?? { holder: undefined, next: undefined, dueMs: 0 },
        bidders.filter((bid) => bid.group === group),
        nowMs,
      );
    }
    vip.holders = Object.values(vip.groups).flatMap(({ holder }) => holder ?? []);
    vip.holder = vip.holders[0];
  }
}

/** @param bidders of those who hear each other, best first. */
function stepGroup(
  state: WorldState,
  before: VipGroup,
  bidders: readonly Bid[],
  nowMs: number,
): VipGroup {
  const vip = { ...before };
  const held = bidders.findIndex((bid) => bid.machine.key === vip.holder);
  const gone = held < 0 && vip.holder !== undefined ? state.machines[vip.holder] : undefined;
  const isDead =
    vip.holder !== undefined && held < 0 && (gone?.isOn !== true || gone.link === 'cut');
  if (held < 0) vip.holder = undefined;
  // Who may not preempt waits while somebody lives that holds the address, whatever its priority.
  const best =
    held < 0 ? bidders[0] : bidders.find((bid, i) => i === held || (i < held && bid.preempts));
  if (best?.machine.key === vip.holder) {
    vip.next = undefined;
  } else if (vip.next !== best?.machine.key) {
    vip.next = best?.machine.key;
    vip.dueMs = nowMs + (isDead ? timing.vipFailover : timing.vipHandover);
  } else if (nowMs >= vip.dueMs) {
    vip.holder = best?.machine.key;
    vip.next = undefined;
  }
  return vip;
}

function byRank(a: Bid, b: Bid): number {
  const number = (bid: Bid): number =>
    bid.machine.address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  return b.priority === a.priority ? number(b) - number(a) : b.priority - a.priority;
}

function readBid(machine: MachineState, nowMs: number): Bid | undefined {
  const text = machine.keepalivedConfiguration;
  const isActive = machine.units['keepalived.service']?.state === 'active';
  if (text === undefined || !isActive || !machine.isOn || machine.link === 'cut') return undefined;
  if (machine.hasVipFault || isTrackScriptDown(machine, text, nowMs)) return undefined;
  const { rest, ...bid } = parseBid(text);
  const alone = machine.isVrrpBlocked ? ` of ${machine.key}` : '';
  return { machine, ...bid, group: `${bid.group}${alone}${rest}` };
}

type ParsedBid = Omit<Bid, 'machine'> & { readonly rest: string };

/** By their texts: a world is settled at each of its operations, and its files change seldom. */
const parsed = new Map<string, ParsedBid>();

function parseBid(text: string): ParsedBid {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const blocks = [...text.matchAll(/virtual_ipaddress(?:_excluded)?\s*\{([^}]*)\}/g)];
  const addresses = blocks.flatMap(([, block = '']) =>
    [...block.matchAll(/^\s*(\d+(?:\.\d+){3})/gm)].map((match) => match[1] ?? ''),
  );
  const router = /^\s*virtual_router_id\s+(\d+)/m.exec(text)?.[1] ?? '';
  const bid: ParsedBid = {
    priority: Number(/^\s*priority\s+(\d+)/m.exec(text)?.[1] ?? '100'),
    addresses,
    preempts: !/^\s*nopreempt\b/m.test(text),
    group: `${router} ${addresses[0] ?? ''}`,
    rest: manner(text),
  };
  parsed.set(text, bid);
  return bid;
}

/** What else keeps two from hearing each other; empty: version 3, by multicast. */
function manner(text: string): string {
  const word = (name: string): string =>
    new RegExp(`^\\s*${name}\\s+(\\S+)`, 'm').exec(text)?.[1] ?? '';
  const old = word('vrrp_version') === '2' ? ` 2 ${word('auth_pass')} ${word('advert_int')}` : '';
  return `${old}${/unicast_peer/.test(text) ? ' unicast' : ''}`;
}

/** The track script of the engine's process has noticed its death. */
function isTrackScriptDown(machine: MachineState, text: string, nowMs: number): boolean {
  const isTracked = /track_script/.test(text) && /swarm-engine\.sh/.test(text);
  if (!isTracked || isEngineRunning(machine)) {
    machine.trackScriptFailingSinceMs = undefined;
    return false;
  }
  machine.trackScriptFailingSinceMs ??= nowMs;
  return nowMs - machine.trackScriptFailingSinceMs >= timing.trackScript;
}

/** Virtual addresses that this machine holds now. */
export function heldVips(state: WorldState, machine: MachineState): readonly string[] {
  return Object.entries(state.vips)
    .filter(([, vip]) => vip.holders.includes(machine.key))
    .map(([address]) => address);
}
