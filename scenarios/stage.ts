import { isDeepStrictEqual } from 'node:util';
import type { SwarmNodeFacts } from '../core/facts';
import { errorMessage } from '../core/errors';
import { findProblems, listNodes, type DemoCluster } from '../demo/cluster';
import { probe } from '../demo/httpProbe';
import type { JournalLine } from '../demo/report/journal';
import type { Effects, Host } from '../effects/effects';
import { defaultDirectories } from '../effects/labMachines/layout';
import { setLink, setPackets, setWayOut } from '../effects/labMachines/link';
import type { PulumiProject, PulumiRun, RunningPulumi } from './pulumi/pulumiProject';
import { changeKey, changeNodes, readDeclared, readKey } from './stackFile';
import { until } from './until';
import { NotHeld } from './verdict';

/** Where what is done and seen goes, as it happens. */
export interface Narrator {
  readonly did: (sentence: string) => void;
  readonly saw: (sentence: string) => void;
  /** Figures of this run, by their names, kept in the report beside those of other runs. */
  readonly figures?: (figures: Readonly<Record<string, string>>) => void;
  /** Heard by who runs it, and not kept in the report. */
  readonly aside: (sentence: string) => void;
}

/**
 * What a scenario works with: the cluster as it looks from outside, its machines, and its Pulumi
 * project. What is done by a method here is told by itself; the rest a scenario tells by `did` and `saw`.
 */
export class Stage {
  constructor(
    readonly effects: Effects,
    /** Any command: `pulumi.run('cancel')`, `pulumi.start('up')`; `up`, `preview` below tell what they do. */
    readonly pulumi: PulumiProject,
    private readonly narrator: Narrator,
  ) {}

  /** The cluster as the stack declares it now. */
  get cluster(): DemoCluster {
    return readDeclared(this.pulumi).cluster;
  }

  /**
   * The same stage, whose sentences are not kept in the report: for what is done many times over and
   * summed up by `did` and `saw` of this one.
   */
  aside(): Stage {
    const { aside } = this.narrator;
    return new Stage(this.effects, this.pulumi, { did: aside, saw: aside, aside });
  }

  /** Tells what was done, e.g. `cut the power of m3`. */
  did(sentence: string): void {
    this.narrator.did(sentence);
  }

  /** Tells what was seen, with its figures. */
  saw(sentence: string): void {
    this.narrator.saw(sentence);
  }

  /** Tells figures of this run, by their names: a row in the report's table of runs. */
  figures(figures: Readonly<Record<string, string>>): void {
    this.narrator.figures?.(figures);
  }

  /** What must hold, as a sentence. @throws NotHeld, with `detail`, when it does not. */
  check(holds: boolean, sentence: string, detail?: string): void {
    if (!holds) throw new NotHeld(withDetail(`it does not hold that ${sentence}`, detail));
    this.saw(sentence);
  }

  /** As `check`, for two values that must be equal. */
  checkEqual(actual: unknown, expected: unknown, sentence: string): void {
    const shown = `${JSON.stringify(actual)}, not ${JSON.stringify(expected)}`;
    this.check(isDeepStrictEqual(actual, expected), sentence, shown);
  }

  /**
   * Waits for what must become true; the condition says why it is not yet.
   *
   * @throws NotHeld with the last reason.
   */
  async until(
    sentence: string,
    condition: () => Promise<true | string>,
    timeoutSeconds: number,
  ): Promise<void> {
    const began = performance.now();
    const patient = (): Promise<true | string> => condition().catch(errorMessage);
    await until(patient, timeoutSeconds, 250).catch((error: unknown) => {
      throw new NotHeld(`it does not come true that ${sentence}: ${errorMessage(error)}`);
    });
    this.saw(`${sentence}, after ${secondsSince(began)} s`);
  }

  get nodeNames(): readonly string[] {
    return [...this.cluster.managers, ...this.cluster.workers];
  }

  async host(name: string): Promise<Host> {
    return this.effects.hosts.connect({ lab: this.cluster.lab, machine: name });
  }

  /** The list of nodes, of the first manager that answers. */
  async nodes(): Promise<readonly SwarmNodeFacts[]> {
    return listNodes(this.effects, this.cluster);
  }

  /** The one entry of a node. @throws NotHeld when there is none, or more than one. */
  async node(name: string): Promise<SwarmNodeFacts> {
    const found = (await this.nodes()).filter(({ hostname }) => hostname === name);
    const [only] = found;
    if (only !== undefined && found.length === 1) return only;
    throw new NotHeld(`the list of nodes has ${String(found.length)} entries of ${name}, not one`);
  }

  /** Name of the leader. @throws Error when there is none. */
  async leader(): Promise<string> {
    const leader = (await this.nodes()).find(
      ({ managerStatus }) => managerStatus?.isLeader === true,
    );
    if (leader === undefined) throw new Error('no manager is the leader');
    return leader.hostname;
  }

  /** The swarm's ID, asked of one manager. Default: the first that answers. */
  async clusterId(manager?: string): Promise<string> {
    for (const name of manager === undefined ? this.cluster.managers : [manager]) {
      try {
        const { clusterId } = await (await this.host(name)).docker.info();
        if (clusterId !== undefined) return clusterId;
      } catch (error) {
        if (manager !== undefined) throw error;
      }
    }
    throw new Error('no manager knows the ID of the swarm');
  }

  /** Boot ID of each machine that answers: the same exactly while it was neither rebuilt nor restarted. */
  async bootIds(
    names: readonly string[] = this.nodeNames,
  ): Promise<Readonly<Record<string, string>>> {
    const entries = names.map(
      async (name) => [name, (await (await this.host(name)).facts()).bootId] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }

  /** What is not as declared, as sentences; empty when all is well. `os`: instead of the declared one. */
  async problems(os?: string): Promise<readonly string[]> {
    const declared = readDeclared(this.pulumi);
    return findProblems(this.effects, declared.cluster, os ?? declared.os);
  }

  /** Waits until every node is as declared: one entry each, Ready, active, in its role, on its OS (or on `os`). */
  async untilAsDeclared(os?: string, timeoutSeconds = 120): Promise<void> {
    await this.until(
      `every node is as declared${os === undefined ? '' : ` on ${os}`}, with one entry`,
      async () => {
        const problems = await this.problems(os);
        return problems.length === 0 || problems.join('; ');
      },
      timeoutSeconds,
    );
  }

  /** Waits until the web service answers through the virtual IP. */
  async untilServed(timeoutSeconds = 60): Promise<void> {
    const url = `http://${this.cluster.vip}:${String(this.cluster.port)}/`;
    await this.until(
      'the service answers through the virtual IP',
      async () => {
        const { outcome } = await probe(url, 1000);
        return outcome === 'ok' || `${url}: ${outcome}`;
      },
      timeoutSeconds,
    );
  }

  /** Cuts the power of a machine. */
  async powerOff(name: string): Promise<void> {
    await this.effects.lab.powerOff(this.cluster.lab, name);
    this.did(`cut the power of ${name}`);
  }

  /** Powers a machine on, until one can log in. */
  async powerOn(name: string): Promise<void> {
    await this.effects.lab.powerOn(this.cluster.lab, name);
    this.did(`powered ${name} on`);
  }

  /** Cuts the cable of a machine: it goes on, and nothing reaches it. */
  async cutLink(name: string): Promise<void> {
    await setLink(this.cluster.lab, name, 'down');
    this.did(`cut the link of ${name}`);
  }

  /** Drops every packet from and to a machine: who connects waits for his timeout. */
  async dropPackets(name: string): Promise<void> {
    await setPackets(defaultDirectories, this.cluster.lab, name, 'dropped');
    this.did(`dropped every packet from and to ${name}`);
  }

  async passPackets(name: string): Promise<void> {
    await setPackets(defaultDirectories, this.cluster.lab, name, 'passed');
    this.did(`let packets from and to ${name} pass again`);
  }

  /** Shuts a machine's way to everything beyond the lab, its package mirror among it. */
  async shutWayOut(name: string): Promise<void> {
    await setWayOut(defaultDirectories, this.cluster.lab, name, 'shut');
    this.did(`cut ${name} off from its package mirror`);
  }

  async openWayOut(name: string): Promise<void> {
    await setWayOut(defaultDirectories, this.cluster.lab, name, 'open');
    this.did(`opened the way of ${name} to its package mirror`);
  }

  async mendLink(name: string): Promise<void> {
    await setLink(this.cluster.lab, name, 'up');
    this.did(`mended the link of ${name}`);
  }

  /** Changes a value of the stack's configuration; a path such as `timeouts.gate` or `workers[0].labels.rack`. */
  async setConfig(path: string, value: string): Promise<void> {
    await this.pulumi.runOrFail('config', 'set', '--path', path, value);
    this.did(`set ${path} to ${value}`);
  }

  /** Declares another OS for these nodes; for all of them when none is named. */
  changeOs(os: string, ...names: readonly string[]): void {
    changeNodes(this.pulumi, (node) =>
      names.length === 0 || names.includes(node.name) ? { ...node, os } : node,
    );
    this.did(`declared ${os} for ${names.length === 0 ? 'every node' : names.join(' and ')}`);
  }

  /** Declares another engine for these nodes; for all of them when none is named. Images stay as declared. */
  changeEngine(engine: Readonly<Record<string, unknown>>, ...names: readonly string[]): void {
    changeNodes(this.pulumi, (node) =>
      names.length === 0 || names.includes(node.name)
        ? { ...node, engine: { ...node.engine, ...engine } }
        : node,
    );
    const what = Object.entries(engine).map(([key, value]) => `${key} ${JSON.stringify(value)}`);
    this.did(
      `declared engine ${what.join(', ')} for ${names.length === 0 ? 'every node' : names.join(' and ')}`,
    );
  }

  /** Takes a node out of the declaration. */
  undeclare(name: string): void {
    changeNodes(this.pulumi, (node) => (node.name === name ? undefined : node));
    this.did(`took ${name} out of the declaration`);
  }

  /** What a key of the stack's configuration declares, e.g. `services`; undefined when it is not there. */
  declared(key: string): unknown {
    return readKey(this.pulumi, key);
  }

  /** Declares a key of the stack's configuration as a whole; undefined takes it out. */
  declare(key: string, value: unknown, sentence: string): void {
    changeKey(this.pulumi, key, value);
    this.did(sentence);
  }

  /** Runs a command of Pulumi to its end, whatever its exit code. */
  async run(command: string, ...args: readonly string[]): Promise<PulumiRun> {
    return this.ended(command, await this.pulumi.run(command, ...args));
  }

  /** As `run`; an exit code other than 0 is a verdict. */
  async runToTheEnd(command: string, ...args: readonly string[]): Promise<PulumiRun> {
    return this.mustEndWell(command, await this.run(command, ...args));
  }

  /** Starts a command, to be waited for by `finish`, after `untilStep` or another fault. */
  start(command: string, ...args: readonly string[]): RunningPulumi {
    this.did(`started pulumi ${command}`);
    return this.pulumi.start(command, ...args);
  }

  /** Waits for the end of a started command, whatever its exit code. */
  async finish(command: string, running: RunningPulumi): Promise<PulumiRun> {
    return this.ended(command, await running.done);
  }

  mustEndWell(command: string, run: PulumiRun): PulumiRun {
    if (run.exitCode === 0) return run;
    throw new NotHeld(
      withDetail(`pulumi ${command} ended with ${String(run.exitCode)}`, tail(run.output)),
    );
  }

  /**
   * Waits until a started command has begun (or ended) a step, by its sentence of `core/steps.ts`.
   *
   * @throws NotHeld when the command ends before that.
   */
  async untilStep(
    running: RunningPulumi,
    sentence: string,
    event: JournalLine['event'] = 'start',
    timeoutSeconds = 300,
  ): Promise<void> {
    let early: PulumiRun | undefined;
    void running.done.then(
      (run) => (early = run),
      () => undefined,
    );
    const isThere = (): boolean =>
      this.pulumi
        .journal()
        .slice(running.journalMark)
        .some((line) => line.event === event && line.sentence === sentence);
    await until(async () => {
      if (isThere()) return true;
      if (early !== undefined) {
        throw new NotHeld(
          withDetail(`pulumi ended before the ${event} of "${sentence}"`, tail(early.output)),
        );
      }
      return Promise.resolve(`no ${event} of "${sentence}"`);
    }, timeoutSeconds);
    this.saw(`the ${event} of the step "${sentence}"`);
  }

  /** Nodes that the next run rebuilds, in the order of its plan; told. */
  async plannedOrder(): Promise<readonly string[]> {
    const { order } = await this.pulumi.preview();
    this.saw(`the plan: ${order.join(', ')}`);
    return order;
  }

  /** What the plan still has to change, e.g. `{ update: 1 }`; told. @throws NotHeld when preview fails. */
  async pendingChanges(): Promise<Readonly<Record<string, number>>> {
    const run = await this.pulumi.run('preview', '--json');
    this.mustEndWell('preview', run);
    return changesOf(run.stdout);
  }

  /** @throws NotHeld when the next preview has a change. */
  async checkNothingPending(): Promise<void> {
    this.checkEqual(await this.pendingChanges(), {}, 'the next preview has no change');
  }

  /** Steps that began since a mark (`journal().length`) taken before, as sentences. */
  stepsSince(mark: number): readonly string[] {
    return this.pulumi
      .journal()
      .slice(mark)
      .filter(({ event }) => event === 'start')
      .map(({ sentence }) => sentence);
  }

  /** A mark for `stepsSince`. */
  mark(): number {
    return this.pulumi.journal().length;
  }

  private ended(command: string, run: PulumiRun): PulumiRun {
    this.did(`pulumi ${command}: exit code ${String(run.exitCode)} after ${String(run.seconds)} s`);
    return run;
  }
}

function changesOf(json: string): Readonly<Record<string, number>> {
  const { changeSummary } = JSON.parse(json) as { changeSummary?: Record<string, number> };
  return Object.fromEntries(
    Object.entries(changeSummary ?? {}).filter(([op, count]) => op !== 'same' && count > 0),
  );
}

function withDetail(sentence: string, detail: string | undefined): string {
  return detail === undefined ? sentence : `${sentence}: ${detail}`;
}

/** What a command of Pulumi ended with: its diagnostics, or its last lines where it has none. */
function tail(output: string): string {
  const diagnostics = /(?:^|\n)Diagnostics:\n([^]*?)(?:\n(?:Outputs|Resources|Duration):|$)/.exec(
    output,
  )?.[1];
  return (diagnostics ?? output).trim().split('\n').slice(-40).join('\n');
}

function secondsSince(began: number): string {
  return ((performance.now() - began) / 1000).toFixed(1);
}
