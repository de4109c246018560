import type { ComposePath } from '../compose/composeFault';

/** What all objects of a stack carry, as `docker stack deploy` writes it: `docker stack ls` and `rm` know the stack by it. */
export const namespaceLabel = 'com.docker.stack.namespace';
/** On a service: the image as the compose file has it. */
export const imageLabel = 'com.docker.stack.image';

/** Where a fault is, and what it is. */
export type Fault = (path: ComposePath, reason: string) => void;

/** `STACK_name`, as docker names what belongs to a stack. */
export function scoped(stack: string, key: string): string {
  return `${stack}_${key}`;
}
