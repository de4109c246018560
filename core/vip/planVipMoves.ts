import { addressOf } from '../addresses';
import { keepalivedPath } from '../keepalived/keepalivedUnit';
import { steps } from '../steps';
import { choosePeer, describeGap, nobodyTakes } from './choosePeer';
import type { VipPeer } from './choosePeer';

/** What is declared of the virtual IP, as far as a roll depends on it. */
export interface DeclaredVip {
  readonly addresses: readonly string[];
  /** Whoever holds it goes, whether another one can take it or not. Default: false. */
  readonly allowGap?: boolean;
  /** Node that it goes to after a roll; undefined or `stay`: it stays where it is. */
  readonly preferred?: string;
}

export interface VipTurns {
  readonly vip: DeclaredVip;
  readonly holder: string;
  /** In the order of this run. */
  readonly managers: readonly string[];
  readonly leader: string | undefined;
  /** Managers that this run takes out and puts back, or puts in. */
  readonly built: ReadonlySet<string>;
  /** Those of them that stay in the swarm, with another engine: they join no later, and take nothing back. Default: none. */
  readonly stays?: ReadonlySet<string>;
  /** Why a manager cannot take the address now, by its name; a name that is missing can. */
  readonly unfit: Readonly<Record<string, string>>;
  /** Managers that hold the address by a keepalived that is not ours. Default: none. */
  readonly strangers?: readonly string[];
  /** When each joined the swarm, ISO 8601; empty: not known. */
  readonly joined: Readonly<Record<string, string>>;
}

/** Where a virtual IP goes in one run. */
export interface VipPlan {
  /** `VIP 10.88.0.100 is on m1; goes to m3 before m1`. */
  readonly sentence: string;
  /** By the node whose turn it is: what the turn begins or ends with, in the words of the step. */
  readonly atTurn: Readonly<Record<string, string>>;
  /** Why a holder could not go. */
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}

/** The moves of a virtual IP in a run, by the very choice that the handover makes. */
export function planVipMoves(turns: VipTurns): VipPlan {
  const { vip, managers, built } = turns;
  const atTurn: Record<string, string> = {};
  const goes: string[] = [];
  const [reasons, warnings]: [string[], string[]] = [[], []];
  let { holder } = turns;
  for (const name of turns.strangers ?? []) {
    const fact = strangerHolds(name, vip.addresses);
    const goesOut = built.has(name) && turns.stays?.has(name) !== true;
    if (!goesOut) warnings.push(`${fact}; ${strangerRemedy}`);
    else if (vip.allowGap === true || managers.length === 1) {
      warnings.push(`${fact}: it is not handed over; ${strangerRemedy}, or: ${describeGap(name)}`);
    } else reasons.push(`${fact}: it cannot be handed over; ${strangerRemedy}`);
  }
  managers.forEach((name, index) => {
    if (built.has(name) && holder === name) {
      const choice = choosePeer(peersAt(turns, index), vip.preferred);
      const [peer] = choice.candidates;
      if (peer === undefined) {
        const fact = `${name}: it holds ${vip.addresses.join(', ')}, and ${nobodyTakes(choice)}`;
        // Of an only manager nobody can take it over, whoever stands in for it.
        if (vip.allowGap === true || managers.length === 1)
          warnings.push(`${fact}; ${describeGap(name)}`);
        else
          reasons.push(
            `${fact}; mend one of them (\`pulumi up\` without this change does), or declare \`allowGap\`: ${describeGap(name)}`,
          );
        atTurn[name] = 'nobody takes the virtual IP over';
        goes.push(`to nobody while ${name} is rebuilt`);
        return;
      }
      atTurn[name] = steps.handOverVip(name, peer);
      goes.push(`goes to ${peer} before ${name}`);
      holder = peer;
    }
    if (isTakenBack(turns, name) && holder !== name) {
      const back = steps.handOverVip(holder, name);
      atTurn[name] = name in atTurn ? `${atTurn[name] ?? ''}; then ${back}` : back;
      goes.push(`goes to ${name}, its preferred node, after ${name}`);
      holder = name;
    }
  });
  const moves = goes.length === 0 ? 'stays there' : goes.join(', ');
  return {
    sentence: `VIP ${vip.addresses.map(addressOf).join(', ')} is on ${turns.holder}; ${moves}`,
    ...{ atTurn, reasons, warnings },
  };
}

/** A manager that has the address, and whose keepalived is told by somebody else. */
export function strangerHolds(name: string, addresses: readonly string[]): string {
  return `${name}: it holds ${addresses.join(', ')} and its ${keepalivedPath} was not written by this package, or is gone`;
}

export const strangerRemedy =
  'move that file away if there is one, then `pulumi up` without this change puts ours there';

/** A preferred node takes the address when it is built, or when it is seen not to have it. */
function isTakenBack({ vip, built, stays, unfit, holder }: VipTurns, name: string): boolean {
  if (vip.preferred !== name) return false;
  return (
    (built.has(name) && stays?.has(name) !== true) || (unfit[name] === undefined && holder !== name)
  );
}

/** The others as they are when it is this one's turn: who was rebuilt before is well, and joined last. */
function peersAt(turns: VipTurns, index: number): readonly VipPeer[] {
  const { managers, built, stays, unfit, leader, joined } = turns;
  return managers.flatMap((name, at) => {
    if (at === index) return [];
    const isRebuilt = at < index && built.has(name);
    const why = isRebuilt ? undefined : unfit[name];
    return [
      {
        name,
        unfit: why,
        isTurnOver: at < index,
        isLeader: name === leader,
        // Later than whoever was not built in this run.
        joined:
          isRebuilt && stays?.has(name) !== true ? `built ${String(at)}` : (joined[name] ?? ''),
      },
    ];
  });
}
