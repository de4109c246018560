import type { Clock } from '../../../effects/clock';

/** How long the first contact is asked alone. */
const headStartMilliseconds = 1_000;

/**
 * Answers in the order of the contacts; those after the first are asked when it is slow, or when they are
 * wanted. `ask` must not throw.
 */
export async function askSideBySide<Contact, T>(
  clock: Clock,
  contacts: readonly Contact[],
  ask: (contact: Contact) => Promise<T>,
): Promise<readonly (() => Promise<T>)[]> {
  const begun = new Map<Contact, Promise<T>>();
  const begin = (contact: Contact): Promise<T> => {
    const answer = begun.get(contact) ?? ask(contact);
    begun.set(contact, answer);
    return answer;
  };
  const [first] = contacts;
  if (first !== undefined && contacts.length > 1) {
    const isThere = new AbortController();
    const answered = begin(first).finally(() => {
      isThere.abort();
    });
    await Promise.race([
      answered,
      clock.sleep(headStartMilliseconds, isThere.signal).then(
        () => {
          contacts.forEach((contact) => void begin(contact));
        },
        () => undefined,
      ),
    ]);
  }
  return contacts.map((contact) => () => begin(contact));
}
