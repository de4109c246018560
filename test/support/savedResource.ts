import assert from 'node:assert/strict';
import { unknown } from '../../provider/server/resource';
import type { PropertyMap } from '../../provider/server/resource';
import type { Link } from './declaredCluster';
import { resourceOf } from './providerHarness';

/** A resource in the state. */
export interface Saved {
  readonly urn: string;
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
  /** Its old self was deleted, and its new one is not there yet. */
  readonly isPendingReplacement: boolean;
  readonly initErrors: readonly string[];
}

/** The run fails with these reasons; the resource is saved. */
export class InitErrors extends Error {
  override readonly name = 'InitErrors';

  constructor(readonly reasons: readonly string[]) {
    super(reasons.join('; '));
  }
}

/** Inputs and outputs in one, as resources take them: the server adds what the engine does not store twice. */
export function stateOf(saved: Saved): PropertyMap {
  return { ...saved.inputs, ...saved.outputs };
}

/** The engine asks with the identity unknown, and deletes only dependents that answer "replace". */
export function assertReplacedWhenUnknown(kind: Link, old: Saved, identity: string): void {
  const { changes } = resourceOf(`swarm:index:${kind}`).diff(
    { inputs: old.inputs, state: stateOf(old) },
    { ...old.inputs, [identity]: unknown },
  );
  assert.equal(changes[identity], 'replace', `${kind}.${identity} while unknown`);
}

export function isInput(kind: string, property: string): boolean {
  return property in resourceOf(`swarm:index:${kind}`).inputs;
}
