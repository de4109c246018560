import { spreadOf, type CauseTrials, type Spread } from './summary';
import type { Trial } from './trial';

/** Everything that docs/failover.md is made of. */
export interface FailoverResult {
  /** ISO 8601. */
  readonly date: string;
  readonly commit: string;
  readonly command: string;
  readonly kernel: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly os: string;
  readonly engine: string;
  readonly keepalived: string;
  /** keepalived.conf of the first manager, by way. */
  readonly configurations: Readonly<Record<string, string>>;
  readonly causes: readonly { readonly name: string; readonly what: string }[];
  /** Names of both: ours, and what it is compared with. */
  readonly ways: readonly [string, string];
  readonly trials: readonly CauseTrials[];
}

/** A failover takes at most this long, in milliseconds: what we demand of our own. */
export const failoverBoundMs = 1000;

export function renderFailoverPage(result: FailoverResult): string {
  const { ways, trials } = result;
  const [own, other] = ways;
  const load = Math.max(...trials.flatMap((each) => each.trials.map((trial) => trial.load)));
  const slowest = Math.max(...of(trials, own).map(({ outageMs }) => outageMs));
  return [
    `# Failover that nobody planned`,
    `How long clients get no answer through the virtual IP when its holder fails without notice: as this package sets
keepalived up, and with keepalived's own defaults as a careful operator writes them by hand, one after the other on
the same three managers. Written by \`npm run failover\`, from what it measured; not edited by hand.`,
    `Measured ${result.date} at commit ${result.commit} by \`${result.command}\`: managers on ${result.os}, engine ${result.engine}, keepalived
${result.keepalived}, kernel ${result.kernel}; all machines on one computer with ${result.cores} cores and ${result.memoryGib} GiB, whose load average was at most
${load.toFixed(1)}. A client outside all machines opened a new connection every 10 ms.`,
    `## Until clients get answers again`,
    `The longest time without an answer from the failure on: least / median / greatest of the trials, in seconds.
Ratio: of the medians. ${slowest < failoverBoundMs ? `With this package every trial stayed under ${seconds(failoverBoundMs)} s.` : `With this package the slowest trial took ${seconds(slowest)} s, which is over ${seconds(failoverBoundMs)} s.`}`,
    comparison(result, (trial) => trial.outageMs),
    `A killed keepalived leaves the address on its host. With the defaults it stays there: the old holder goes on
answering until a peer takes over, clients see next to nothing, and then two hosts have the address. With this package
systemd takes it off at once.`,
    `## Until somebody else answers`,
    `From the failure to the first answer of another manager, in seconds.`,
    comparison(result, (trial) => trial.movedMs),
    `## What was done`,
    result.causes.map(({ name, what }) => `- **${name}**: ${what}.`).join('\n'),
    ...ways.flatMap((way) => [
      `### keepalived.conf: ${way}`,
      `\`\`\`text\n${(result.configurations[way] ?? '').trim()}\n\`\`\``,
    ]),
    `## Every trial`,
    `Milliseconds. In brackets: without stalls of the client itself, where that differs.`,
    everyTrial(result),
    `${own} and ${other} were measured in one run; \`npm run failover -- --times N\` measures anew and writes this page.`,
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

function comparison(result: FailoverResult, figure: (trial: Trial) => number): string {
  const [own, other] = result.ways;
  const rows = result.causes.map(({ name }) => {
    const [mine, theirs] = [own, other].map((way) =>
      spreadOf(of(result.trials, way, name).map(figure)),
    ) as [Spread, Spread];
    return [name, shown(mine), shown(theirs), ratio(mine, theirs)];
  });
  return table(['the holder’s …', own, other, 'ratio'], rows);
}

function everyTrial(result: FailoverResult): string {
  const rows = result.trials.flatMap(({ cause, way, trials }) =>
    trials.map((trial, index) => [
      cause,
      way,
      String(index + 1),
      `${trial.holder} → ${trial.successor}`,
      withoutStalls(trial),
      trial.movedMs.toFixed(0),
      String(trial.failures),
    ]),
  );
  const head = ['cause', 'with', '#', 'from → to', 'no answer', 'moved after', 'failed requests'];
  return table(head, rows);
}

function withoutStalls({ outageMs, pathOutageMs }: Trial): string {
  const [whole, path] = [outageMs.toFixed(0), pathOutageMs.toFixed(0)];
  return whole === path ? whole : `${whole} (${path})`;
}

function of(trials: readonly CauseTrials[], way: string, cause?: string): readonly Trial[] {
  return trials
    .filter((each) => each.way === way && (cause === undefined || each.cause === cause))
    .flatMap((each) => each.trials);
}

function shown({ minMs, medianMs, maxMs }: Spread): string {
  return [minMs, medianMs, maxMs].map(seconds).join(' / ');
}

function ratio(own: Spread, other: Spread): string {
  return `${(other.medianMs / own.medianMs).toFixed(1)} ×`;
}

function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(2);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
