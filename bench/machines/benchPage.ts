import { spreadOf } from '../../scenarios/failover/summary';
import { stepKinds } from './benchStep';
import {
  imageMs,
  measures,
  middleRoll,
  type Measure,
  type RollFigures,
  type WayFigures,
} from './figures';

/** Everything that docs/benchmarks.md is made of. */
export interface BenchResult {
  /** ISO 8601. */
  readonly date: string;
  readonly commit: string;
  readonly command: string;
  readonly kernel: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly os: { readonly from: string; readonly to: string };
  readonly engine: { readonly from: string; readonly to: string };
  readonly ways: readonly WayFigures[];
}

/** What we ask of ourselves. */
const targets = { ofFloor: 1.1, ofAnsible: 0.4, exposureSeconds: 15 };
const own = 'this package';

export function renderBenchPage(result: BenchResult): string {
  const { ways, os, engine } = result;
  const load = Math.max(0, ...ways.flatMap(({ rolls }) => rolls.map((roll) => roll.load)));
  return [
    `# What a roll costs`,
    `Three managers and two workers on machines of this computer, from ${os.from} (engine ${engine.from}) to ${os.to} (engine ${engine.to}), by
${ways.length} ways in turn, each from the same snapshot of the same cluster. Written by \`npm run bench\`, from what it measured; not
edited by hand.`,
    `Measured ${result.date} at commit ${result.commit} by \`${result.command}\`: kernel ${result.kernel}, ${result.cores} cores, ${result.memoryGib} GiB; load average at most
${load.toFixed(1)}. A client outside all machines opened a new connection through the virtual IP every 10 ms.`,
    ways.map(({ name, what }) => `- **${name}**: ${what}.`).join('\n'),
    `The machine is rebuilt by the same code for all of them, with the same address and host key. floor and Ansible have a
keepalived.conf as it is written by hand, and go through the nodes in the same order as this package: managers one by one, the
leader last, then the workers. floor and this package have engine and keepalived in the image that machines are made from; the
playbook installs them on the rebuilt machine. The floor's image is there before it begins.`,
    `## Figures`,
    `Least / median / greatest; seconds where nothing else is said. A node's turn: from its drain until it is Ready and active under its
new ID. Exposure: the same from the drain's end, or the demotion, whichever is first. Both by what the managers' lists of nodes
said, every 250 ms.`,
    figureTable(ways),
    ...imageSentence(ways),
    `## Ratios of the medians`,
    ratioTable(ways),
    ...verdicts(ways),
    `## Where the time goes`,
    `![Steps of the middle roll by each way](images/benchmark.svg)`,
    `The roll of each way whose total was the middle one; seconds by what the steps work on, summed over the nodes. A way's own
waiting is what it says of itself; time between two steps is in none of them.`,
    stepTable(ways),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

function figureTable(ways: readonly WayFigures[]): string {
  const rows = measures.map((measure) => [
    measure.unit === 's' ? measure.name : `${measure.name}, number`,
    ...ways.map(({ rolls }) => shown(measure, rolls)),
  ]);
  return table(['', ...ways.map(({ name }) => name)], rows);
}

/** Whoever makes machines from an image has to build it once. */
function imageSentence(ways: readonly WayFigures[]): readonly string[] {
  return ways.flatMap(({ name, rolls }) => {
    const each = rolls.map(imageMs).filter((ms) => ms !== undefined);
    if (each.length === 0) return [];
    const seconds = each.map((ms) => (ms / 1000).toFixed(1)).join(', ');
    return [
      `${name}: the image that machines are made from has OS, engine and keepalived. It is built before any node is touched, once
on a computer, and found by later rolls. In these rolls, in order, that took ${seconds} s, which the whole roll has in it.`,
    ];
  });
}

function shown(measure: Measure, rolls: readonly RollFigures[]): string {
  const figures = rolls.flatMap(measure.of);
  if (figures.length === 0) return '–';
  const { minMs, medianMs, maxMs } = spreadOf(figures);
  const digits = measure.unit === 's' ? (ms: number) => (ms / 1000).toFixed(1) : String;
  return [minMs, medianMs, maxMs].map(digits).join(' / ');
}

function ratioTable(ways: readonly WayFigures[]): string {
  const others = ways.filter(({ name }) => name !== own);
  const rows = measures
    .filter(({ unit }) => unit === 's')
    .map((measure) => [measure.name, ...others.map(({ name }) => ratio(ways, measure, name))]);
  return table(['', ...others.map(({ name }) => `${own} ÷ ${name}`)], rows);
}

function medianOf(ways: readonly WayFigures[], { of }: Measure, name: string): number | undefined {
  const figures = ways.find((way) => way.name === name)?.rolls.flatMap(of) ?? [];
  return figures.length === 0 ? undefined : spreadOf(figures).medianMs;
}

function ratio(ways: readonly WayFigures[], measure: Measure, name: string): string {
  const [mine, theirs] = [medianOf(ways, measure, own), medianOf(ways, measure, name)];
  if (mine === undefined || theirs === undefined || theirs === 0) return '–';
  return (mine / theirs).toFixed(2);
}

/** What was to be reached, and whether it was. */
function verdicts(ways: readonly WayFigures[]): readonly string[] {
  const rolls = ways.find(({ name }) => name === own)?.rolls ?? [];
  const [total] = measures;
  if (rolls.length === 0 || total === undefined) return [];
  const failures = rolls.reduce((sum, roll) => sum + roll.failures, 0);
  const times = (name: string): number => Number(ratio(ways, total, name));
  const exposures = rolls.flatMap(({ turns }) =>
    turns.filter(({ role }) => role === 'manager').map(({ exposureMs }) => exposureMs / 1000),
  );
  const worst = Math.max(...exposures);
  const said = (isReached: boolean, sentence: string): string =>
    `- ${isReached ? 'reached' : '**not reached**'}: ${sentence}`;
  return [
    `What was to be reached:`,
    [
      ...(Number.isNaN(times('floor'))
        ? []
        : [
            said(
              times('floor') <= targets.ofFloor,
              `the whole roll in at most ${targets.ofFloor} × the floor: ${times('floor').toFixed(2)} ×`,
            ),
          ]),
      ...(Number.isNaN(times('Ansible'))
        ? []
        : [
            said(
              times('Ansible') <= targets.ofAnsible,
              `the whole roll in at most ${targets.ofAnsible} × Ansible: ${times('Ansible').toFixed(2)} ×`,
            ),
          ]),
      said(
        worst <= targets.exposureSeconds,
        `a manager out for at most ${targets.exposureSeconds} s (its containers' stop is before that): at most ${worst.toFixed(1)} s`,
      ),
      said(
        failures === 0,
        `no failed request: ${failures} of ${rolls.reduce((sum, roll) => sum + roll.requests, 0)}`,
      ),
    ].join('\n'),
  ];
}

function stepTable(ways: readonly WayFigures[]): string {
  const rows = stepKinds.map((kind) => [
    kind,
    ...ways.map(({ rolls }) => {
      const steps = middleRoll(rolls)?.steps.filter((step) => step.kind === kind) ?? [];
      const ms = steps.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
      return (ms / 1000).toFixed(1);
    }),
  ]);
  return table(['', ...ways.map(({ name }) => name)], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}
