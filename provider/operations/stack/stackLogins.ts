import { isDeepStrictEqual } from 'node:util';
import { loginFor } from '../../../core/images';
import type { Logins } from './applyStack';
import type { StackInputs } from './stackSpec';

/** The logins that a stack's services are sent with; new are those that differ from what the state has. */
export function stackLogins(
  { registries = [] }: Pick<StackInputs, 'registries'>,
  before: Pick<StackInputs, 'registries'> | undefined,
): Logins {
  const of = (image: string) => loginFor(image, registries);
  return {
    of,
    isNew: (image) =>
      before !== undefined &&
      of(image) !== undefined &&
      !isDeepStrictEqual(of(image), loginFor(image, before.registries ?? [])),
  };
}
