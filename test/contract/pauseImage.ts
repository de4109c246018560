import { exitZeroProgram } from '../../effects/archive/exitZeroProgram';
import { buildImageArchive } from '../../effects/archive/imageArchive';

export const pauseReference = 'swarm-contract-pause:1';

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
  await buildImageArchive(
    {
      reference: pauseReference,
      files: [{ path: '/pause', content, mode: 0o755 }],
      command: ['/pause'],
      architecture: 'amd64',
    },
    path,
  );
}
