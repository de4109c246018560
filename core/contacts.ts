/**
 * Managers in the order in which they are asked: as declared, and those of a higher rank later. The plan
 * names the manager that a node will join by with this order, and every operation asks by it.
 */
export function contactOrder<Contact>(
  contacts: readonly Contact[],
  rank: (contact: Contact) => number,
): readonly Contact[] {
  // `sort` is stable by the language's own word.
  return [...contacts].sort((a, b) => rank(a) - rank(b));
}
