/** A text as an error shows it: in quotes, and not longer than anybody would read. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
