/**
 * Lines `NAME=value` of an env_file as docker reads them: `#` begins a comment at the start of a line
 * only, quotes are kept. A name alone has `null`.
 */
export function parseEnvFile(text: string): Readonly<Record<string, string | null>> | undefined {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .map((line) => line.trimStart())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const entries = lines.map((line): [string, string | null] => {
    const at = line.indexOf('=');
    return at === -1 ? [line.trim(), null] : [line.slice(0, at), line.slice(at + 1)];
  });
  return entries.every(([name]) => /^\S+$/.test(name)) ? Object.fromEntries(entries) : undefined;
}
