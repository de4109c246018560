import { nameOfUrn, typeOfUrn } from './operation';
import type { PropertyMap, Resource, Which } from './resource';

/** What a run's program has registered so far, as far as this process can know: by the Checks it served. */
export class Registrations {
  readonly #seen = new Map<string, Set<string>>();
  readonly #inputs = new Map<string, PropertyMap[]>();

  add(urn: string): void {
    const token = typeOfUrn(urn);
    const names = this.#seen.get(token) ?? new Set();
    names.add(nameOfUrn(urn));
    this.#seen.set(token, names);
  }

  /** The same resource; the inputs of its Checks are remembered here. */
  noting(resource: Resource): Resource {
    return {
      ...resource,
      check: (inputs, old) => {
        const known = this.#inputs.get(resource.token);
        if (known === undefined) this.#inputs.set(resource.token, [inputs]);
        else known.push(inputs);
        return resource.check(inputs, old);
      },
    };
  }

  get isEmpty(): boolean {
    return this.#seen.size === 0;
  }

  /** Any such resource when none is singled out. */
  has(token: string, which?: Which): boolean {
    if (typeof which === 'function') return this.#inputs.get(token)?.some(which) === true;
    const names = this.#seen.get(token);
    return which === undefined ? names !== undefined : names?.has(which) === true;
  }
}
