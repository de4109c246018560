import type { Effects } from '../../effects/effects';
import type { LocalCommandResult } from '../../effects/localCommands';

/** One run of a hook, as the hook sees it. */
export interface HookRun {
  /** `before m1 replace`. */
  readonly what: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Effects whose commands are recorded in the place of run; `answer` decides how each of them ends. Default: well. */
export function recordedHooks(
  world: { effects(): Effects },
  runs: HookRun[],
  answer: (run: HookRun) => Partial<LocalCommandResult> | undefined = () => undefined,
): { effects(): Effects } {
  return {
    effects: () => ({
      ...world.effects(),
      commands: {
        run: (argv, { env }) => {
          const what = [env['SWARM_HOOK'], env['SWARM_NODE'], env['SWARM_ACTION']].join(' ');
          const run = { what, argv, env };
          runs.push(run);
          return Promise.resolve({ ended: 0, isTimedOut: false, output: '', ...answer(run) });
        },
      },
    }),
  };
}
