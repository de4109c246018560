// Sets up everything that the commands of package.json need; safe to repeat.
import { isRoot } from './setup/command.mjs';
import { setUp } from './setup/index.mjs';
import { say, SetupError } from './setup/progress.mjs';

try {
  const env = await setUp(['pulumi', ...(isRoot() ? ['lab', 'images'] : [])]);
  say('set-up: all is there');
  if (env.PATH !== process.env.PATH) {
    say(`To use the same Pulumi CLI by hand:\n  export PATH=${env.PATH.split(':')[0]}:$PATH`);
  }
} catch (error) {
  say(error instanceof SetupError ? error.message : String(error.stack));
  process.exitCode = 1;
}
