/**
 * Managers in the order in which they are asked: as declared, those to be avoided last. The plan names
 * the manager that a node will join by with this order, and every operation asks by it.
 */
export function contactOrder<Contact extends { readonly name: string }>(
  contacts: readonly Contact[],
  isAvoided: (name: string) => boolean,
): readonly Contact[] {
  return [
    ...contacts.filter(({ name }) => !isAvoided(name)),
    ...contacts.filter(({ name }) => isAvoided(name)),
  ];
}
