import { renderPath } from '../configurationFaults';

/** One fault of a compose file: never with a value, which may come from a secret variable. */
export interface ComposeFault {
  /** `prod.yml:12:5`, or the file's name where there is no place in it. */
  readonly at: string;
  /** E.g. `services.web.ports[0].published`; empty for the file as a whole. */
  readonly path: ComposePath;
  readonly reason: string;
}

export type ComposePath = readonly PropertyKey[];

/** `prod.yml:12:5: services.web.image is missing`. */
export function faultText({ at, path, reason }: ComposeFault): string {
  return path.length === 0 ? `${at}: ${reason}` : `${at}: ${renderPath(path)} ${reason}`;
}
