import { bracketed } from '../../../core/addresses';
import { errorMessage } from '../../../core/errors';
import type { JoinWay } from '../../../core/joinWay';
import { isAlpnRefusal } from '../../../core/joinWay';
import type { Host } from '../../../effects/effects';
import type { Operation } from '../../server/resource';
import { askManager } from '../ask/managers';
import { accessOf } from '../ask/nodeSpec';
import type { NodeInputs } from '../ask/nodeSpec';
import { joinWithoutAlpn } from './alpnException';

/** What the attempts of one join have learned. */
export interface JoinAttempts {
  /** Asked last. */
  readonly late: Set<string>;
  /** Managers that this engine joins by only when it does without ALPN. */
  readonly refusing: Set<string>;
  /** It does without ALPN. */
  isExcepted: boolean;
}

export function beginAttempts({ without, exception }: JoinWay): JoinAttempts {
  return {
    late: new Set(without),
    refusing: new Set(exception === 'no' ? [] : without),
    isExcepted: false,
  };
}

/** One attempt, through one live manager, with a token that is read for it and never kept. */
export async function requestJoin(
  operation: Operation,
  spec: NodeInputs,
  host: Host,
  attempts: JoinAttempts,
): Promise<string> {
  return askManager(
    operation,
    accessOf(spec),
    async ({ contact, docker }) => {
      const { name } = contact;
      // It is asked only when nobody else is in control.
      if (attempts.refusing.has(name) && !attempts.isExcepted) {
        await joinWithoutAlpn(operation, spec, host, [...attempts.refusing]);
        attempts.isExcepted = true;
      }
      const token = await docker.joinToken(spec.role);
      try {
        await host.docker.swarmJoin({
          advertiseAddress: spec.address,
          remoteAddress: `${bracketed(contact.address)}:2377`,
          token,
          availability: 'drain',
        });
      } catch (error) {
        if (isAlpnRefusal(errorMessage(error))) {
          // As a fault that passes, it would be tried again by the same manager.
          attempts.late.add(name);
          attempts.refusing.add(name);
          return `${name} offers no ALPN: ${errorMessage(error)}`;
        }
        // The Engine gives up waiting after 20 s and goes on by itself.
        if (!/continue in the background/i.test(errorMessage(error))) throw error;
      }
      return `asked ${name}`;
    },
    { avoid: [spec.name, ...attempts.late] },
  );
}
