/**
 * One command line for the login shell that sshd starts, which gives the program exactly these
 * arguments. SSH has no argv of its own: a single string goes to the shell, so this is the one place
 * where one is built. Every argument is put in POSIX single quotes, inside which nothing is special.
 *
 * @throws TypeError for an empty argv and for a NUL character, which no argument can hold.
 */
export function quoteArgv(argv: readonly string[]): string {
  if (argv.length === 0) {
    throw new TypeError('a command needs at least its own name');
  }
  return argv.map(quote).join(' ');
}

function quote(argument: string): string {
  if (argument.includes('\0')) {
    throw new TypeError('an argument cannot hold a NUL character');
  }
  return /^[A-Za-z0-9_./:@%+,-]+$/.test(argument)
    ? argument
    : `'${argument.replaceAll("'", String.raw`'\''`)}'`;
}
