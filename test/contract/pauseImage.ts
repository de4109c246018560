import { exitZeroProgram } from '../../effects/archive/exitZeroProgram';
import { buildImageArchive } from '../../effects/archive/imageArchive';

export const pauseReference = 'swarm-contract-pause:1';
export const exitReference = 'swarm-contract-exit:1';

/** `pause()` for ever, in as many bytes of amd64 code as `exit(0)` has. */
const pauseForEver = Buffer.from(
  [
    'b822000000', // mov eax, 34   __NR_pause
    '0f05', // syscall
    'ebf7', // jmp to the beginning
  ].join(''),
  'hex',
);

/** An image whose only program waits: tasks of it run until they are stopped. Needs no registry. */
export async function buildPauseImage(path: string): Promise<void> {
  const program = exitZeroProgram('amd64');
  const content = Buffer.concat([
    program.subarray(0, program.length - pauseForEver.length),
    pauseForEver,
  ]);
  await buildImage(pauseReference, content, path);
}

/** An image whose only program ends at once, with success: tasks of it complete. */
export async function buildExitImage(path: string): Promise<void> {
  await buildImage(exitReference, exitZeroProgram('amd64'), path);
}

async function buildImage(reference: string, content: Buffer, path: string): Promise<void> {
  await buildImageArchive(
    {
      reference,
      files: [{ path: '/program', content, mode: 0o755 }],
      command: ['/program'],
      architecture: 'amd64',
    },
    path,
  );
}
