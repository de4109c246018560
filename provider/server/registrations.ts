import { nameOfUrn, typeOfUrn } from './operation';

/** What a run's program has registered so far, as far as this process can know: by the Checks it served. */
export class Registrations {
  readonly #seen = new Map<string, Set<string>>();

  add(urn: string): void {
    const token = typeOfUrn(urn);
    const names = this.#seen.get(token) ?? new Set();
    names.add(nameOfUrn(urn));
    this.#seen.set(token, names);
  }

  get isEmpty(): boolean {
    return this.#seen.size === 0;
  }

  /** Of any name when none is given. */
  has(token: string, name?: string): boolean {
    const names = this.#seen.get(token);
    return name === undefined ? names !== undefined : names?.has(name) === true;
  }
}
