import { count, list, record, text } from './properties';

/** `VrrpCheck` of core/keepalived/vrrpCheck.ts: one of `tcp`, `http` and `command`. */
export const vrrpCheckProperty = record(
  {
    tcp: count('A TCP port of the node’s own address that a connection opens to.'),
    http: count(
      'A TCP port of the node’s own address that answers HTTP with a status of 200 to 399.',
    ),
    path: text('Path that `http` asks for. Default: `/`.', false),
    command: list(
      { type: 'string', description: 'A word without spaces.' },
      'A command as an argv, its program by its whole path; run as root; it passes when it ends with 0.',
    ),
    intervalSeconds: count('Whole seconds between two checks. Default: 2.'),
    timeoutSeconds: count('Whole seconds after which a check has failed. Default: 2.'),
    fall: count('Failures in a row that make the node give the addresses up. Default: 2.'),
    rise: count('Successes in a row after which it may hold them again. Default: 2.'),
  },
  'A check.',
);
