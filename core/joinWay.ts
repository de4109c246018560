import { compatibility } from './compatibility';
import { contactOrder } from './contacts';
import { isInRanges } from './engineRange';
import { SwarmError } from './errors';
import type { Sight } from './facts';
import { isSeen } from './facts';

/** A manager that a node may join by. */
export interface JoinContact {
  readonly name: string;
  readonly engineVersion: string;
  /** Whether its port selects a protocol that a TLS client offers (ALPN). */
  readonly alpn: Sight<boolean>;
}

/** How a node joins. */
export interface JoinWay {
  /** Who is asked, best first. */
  readonly contacts: readonly string[];
  /** Those that are seen not to offer ALPN. */
  readonly without: readonly string[];
  /** Whether the engine that joins has to do without ALPN: `unless older` where its version is not known. */
  readonly exception: 'no' | 'yes' | 'unless older';
}

/** Whether a manager of this engine may offer no ALPN; one whose version cannot be read may. */
export function mayLackAlpn(engineVersion: string): boolean {
  return isInRanges(engineVersion, compatibility.alpnLost.engines) !== false;
}

/** By which manager an engine joins: first by those that offer ALPN, then by those of which it is not known. */
export function planJoin(
  joinerVersion: string | undefined,
  contacts: readonly JoinContact[],
): JoinWay {
  const ordered = contactOrder(contacts, rankOf);
  const without = ordered.filter((contact) => rankOf(contact) === 2).map(({ name }) => name);
  const asks =
    joinerVersion === undefined
      ? undefined
      : isInRanges(joinerVersion, compatibility.alpnEnforced.engines);
  const isNeeded = without.length > 0 && without.length === ordered.length;
  return {
    contacts: ordered.map(({ name }) => name),
    without,
    exception: !isNeeded || asks === false ? 'no' : asks === undefined ? 'unless older' : 'yes',
  };
}

function rankOf({ engineVersion, alpn }: JoinContact): 0 | 1 | 2 {
  if (!mayLackAlpn(engineVersion)) return 0;
  if (!isSeen(alpn)) return 1;
  return alpn.seen ? 0 : 2;
}

/** The way as a clause of a plan, e.g. `joins through m3, as m1 offers no ALPN`; undefined: there is nobody to join by. */
export function describeWay(
  { contacts, without, exception }: JoinWay,
  declared: readonly JoinContact[],
): string | undefined {
  const [contact] = contacts;
  if (contact === undefined) return undefined;
  const through = `joins through ${contact}`;
  if (exception !== 'no') {
    return (
      `${through}, and does without ALPN until it has joined` +
      `${exception === 'yes' ? '' : ' if its engine asks for it'}: ${lack(without)}`
    );
  }
  const passed = declared.slice(
    0,
    declared.findIndex(({ name }) => name === contact),
  );
  return passed.length === 0
    ? through
    : `${through}, as ${lack(
        passed.map(({ name }) => name),
        without,
      )}`;
}

/** Who offers no ALPN, or is not known to. */
function lack(names: readonly string[], without: readonly string[] = names): string {
  const isKnown = names.every((name) => without.includes(name));
  return `${names.join(' and ')} ${!isKnown ? 'may offer' : names.length === 1 ? 'offers' : 'offer'} no ALPN`;
}

/** Where an engine may not be told to do without ALPN; a plan has the same sentence. */
export function alpnMissing(name: string, without: readonly string[], why: string): SwarmError {
  return new SwarmError(
    'AlpnMissing',
    `${name}: its engine asks for ALPN, which ${lackedBy(without)}, and ${why}; ` +
      'restart docker on one of these while it is drained, or start its own engine with GRPC_ENFORCE_ALPN_ENABLED=false until it has joined',
    { source: 'user' },
  );
}

/**
 * Why a worker would never become a manager: with its new certificate it asks a manager for the key that locks
 * its state, over a connection that has to have ALPN as well. Undefined: nothing speaks against it.
 *
 * @param managers those that are in control now.
 */
export function promotionFault(
  name: string,
  engineVersion: string,
  managers: readonly JoinContact[],
): SwarmError | undefined {
  const { exception, without } = planJoin(engineVersion, managers);
  return exception !== 'yes'
    ? undefined
    : new SwarmError(
        'AlpnMissing',
        `${name}: to become a manager its engine ${engineVersion} asks for ALPN, which ${lackedBy(without)}; it is not promoted; restart docker on one of these while it is drained`,
        { source: 'user' },
      );
}

function lackedBy(without: readonly string[]): string {
  return `${without.join(', ')} ${without.length === 1 ? 'does' : 'do'} not offer since the last change of certificate`;
}

/** Why an engine of the source `preinstalled` is not started otherwise. */
export const notOurEngine = 'with the source `preinstalled` how it starts is its owner’s';

/** Whether an engine's answer to a join says that the manager offers no ALPN. */
export function isAlpnRefusal(message: string): boolean {
  return message.includes('missing selected ALPN property');
}
