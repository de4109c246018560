/**
 * A short tag of a text: another text has another one, short of an accident. No cryptography: it only
 * tells whether a running HAProxy has read what is in its file.
 */
export function contentTag(text: string): string {
  return `swarm-${[0x811c9dc5, 0x01234567].map((seed) => fnv1a(text, seed)).join('')}`;
}

/** FNV-1a with 32 bits. */
function fnv1a(text: string, seed: number): string {
  let hash = seed;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}
