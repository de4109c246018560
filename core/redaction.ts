/**
 * What a secret looks like wherever it stands: tokens and unlock keys of a swarm, private keys in
 * their text form, and the user and password of a URL.
 */
const secrets: readonly (readonly [RegExp, string])[] = [
  [/SWM(?:TKN|KEY)-1-[\w+/=-]+/g, '[secret]'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[secret]'],
  [/(\b[a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/@:"']{1,256}:[^\s/@"']{1,256}@/gi, '$1[secret]@'],
];

/**
 * A text for people without what must not be shown. It is the last net, below every log, error and
 * journal line: a daemon, a package tool or a library may quote what we never would.
 */
export function withoutSecrets(text: string): string {
  return secrets.reduce((rest, [pattern, shown]) => rest.replace(pattern, shown), text);
}
