import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { commandLine, sudoAnswer, type CommandRights } from '../../effects/ssh/privilege';

const env = 'env LC_ALL=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const timeout = 'timeout --kill-after=5 30';

describe('the command line of a command', () => {
  const argv = ['apt-get', 'update'];
  const environment = { DEBIAN_FRONTEND: 'noninteractive' };
  const variable = 'DEBIAN_FRONTEND=noninteractive';
  const line = (rights: Partial<CommandRights>): string =>
    commandLine(argv, { isRoot: false, rights: 'root', ...rights });

  for (const [what, rights, expected] of [
    ['as root', { isRoot: true, timeoutSeconds: 30 }, `${env} ${timeout} apt-get update`],
    [
      'as root, with a variable',
      { isRoot: true, environment },
      `${env} ${variable} apt-get update`,
    ],
    [
      'by sudo: directly before the command, so that a rule can name it',
      { timeoutSeconds: 30, environment },
      `${env} ${timeout} sudo -n ${variable} -- apt-get update`,
    ],
    ['by sudo, without a timeout', {}, `${env} sudo -n -- apt-get update`],
    ['with the login user’s rights', { rights: 'login' }, `${env} apt-get update`],
    [
      'that becomes root inside: with what it needs for that at its end',
      { rights: 'inner', environment },
      `${env} ${variable} apt-get update sudo -n --`,
    ],
    [
      'that becomes root inside, as root',
      { isRoot: true, rights: 'inner' },
      `${env} apt-get update`,
    ],
  ] as const) {
    it(what, () => {
      assert.equal(line(rights).replaceAll("'", ''), expected);
    });
  }
});

describe('what sudo itself says', () => {
  for (const [stderr, answer] of [
    ['sudo: a password is required\n', 'refused'],
    ["Sorry, user ops is not allowed to execute '/usr/bin/id' as root on m1.\n", 'refused'],
    ['Sorry, user ops may not run sudo on m1.\n', 'refused'],
    ['sudo: sorry, you are not allowed to set the following environment variables: X\n', 'refused'],
    ['sudo: keepalived: command not found\n', 'command not found'],
    [
      'sudo: unable to resolve host m1: Name or service not known\ncat: /x: No such file\n',
      undefined,
    ],
    ['', undefined],
  ] as const) {
    it(`${JSON.stringify(stderr)}: ${answer ?? 'nothing; the command ran'}`, () => {
      assert.equal(sudoAnswer(1, stderr), answer);
      assert.equal(sudoAnswer(0, stderr), undefined);
    });
  }
});
