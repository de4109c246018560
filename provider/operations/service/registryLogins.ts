import { isDeepStrictEqual } from 'node:util';
import { loginFor, type RegistryLogin } from '../../../core/images';

/** Logins of registries, by images. */
export interface Logins {
  of(image: string): RegistryLogin | undefined;
  /** It is another than services of this image were sent with. */
  isNew(image: string): boolean;
}

interface WithRegistries {
  readonly registries?: readonly RegistryLogin[];
}

/** The logins that services are sent with; new are those that differ from what the state has. */
export function registryLogins(
  { registries = [] }: WithRegistries,
  before: WithRegistries | undefined,
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
