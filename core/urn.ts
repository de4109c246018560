/**
 * The part of a URN that stays the same when a node's component changes its type (worker ↔ manager):
 * stack, project, own type and name, without the chain of parents' types.
 */
export function urnIdentity(urn: string): string {
  const [prefix, namespace, stack, project, types, ...name] = urn
    .split('::')
    .flatMap((part, i) => (i === 0 ? part.split(':') : [part]));
  const type = types?.split('$').at(-1) ?? '';
  return [prefix, namespace, stack, project, type, ...name].join('|');
}
