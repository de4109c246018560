import { errorMessage } from '../core/errors';
import { takeDown } from './takeDown';

/** `npm run demo:down`: removes every trace of the demo from this computer; its report stays in out/demo. */
takeDown((sentence) => {
  console.log(`  ${sentence}`);
}).then(
  () => {
    console.log('The demo is gone. Its report, if it made one, is in out/demo.');
  },
  (error: unknown) => {
    console.error(`demo:down: ${errorMessage(error)}`);
    process.exitCode = 1;
  },
);
