import { whyBad } from '../../../core/engineAdvice';
import { SwarmError } from '../../../core/errors';
import type { Operation } from '../../server/resource';

/**
 * Before an engine is installed, whose version may be known by now alone: the newest of its source.
 *
 * @throws SwarmError `EngineKnownBad`; nothing was touched.
 */
export function refuseBadEngine(operation: Operation, name: string, version: string): void {
  const bad = whyBad(version);
  if (bad === undefined) return;
  const sentence = `${name}: engine ${version}: ${bad.why}`;
  if (bad.verdict === 'refuse') {
    throw new SwarmError('EngineKnownBad', `${sentence}; nothing was touched`, { source: 'user' });
  }
  operation.log('warning', sentence);
}
