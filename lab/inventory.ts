import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import { labCgroups } from '../effects/labMachines/cgroups';
import { touchedSettings } from '../effects/labMachines/hostSettings';
import {
  containerName,
  defaultDirectories,
  imagesDirectory,
  linkPrefix,
  namePrefix,
  namespacePrefix,
  ruleComment,
  runtimeDirectory,
  type LabDirectories,
} from '../effects/labMachines/layout';
import { mountPoints } from '../effects/labMachines/mounts';
import { runnerMarker } from '../effects/labMachines/processes';
import { findTool } from '../effects/labMachines/tool';

/** Everything of this computer that labs touch, as sorted lines. Two of them compare with `diffInventory`. */
export interface HostInventory {
  /** Mount points. */
  readonly mounts: readonly string[];
  /** Names of network namespaces. */
  readonly namespaces: readonly string[];
  /** Names of network interfaces. */
  readonly links: readonly string[];
  /** Firewall rules and chains of others than the kernel. */
  readonly rules: readonly string[];
  /** Processes that run a machine, or in one. */
  readonly processes: readonly string[];
  /** Control groups of machines. */
  readonly cgroups: readonly string[];
  /** Files below the state directory (four levels deep), of systemd-nspawn, and unfinished images. */
  readonly files: readonly string[];
  /** Kernel settings as `name=value`; undefined when a lab that is left out may have changed them. */
  readonly settings: readonly string[] | undefined;
}

const nspawnLocks = '/run/systemd/nspawn/locks/';

export interface InventoryOptions {
  readonly directories?: LabDirectories;
  /** Leaves out what belongs to any other lab than this one. Default: nothing is left out. */
  readonly lab?: string;
}

/** Reads the host. Needs root: without it, firewall rules and others' processes cannot be seen. */
export function takeInventory(options: InventoryOptions = {}): HostInventory {
  const directories = options.directories ?? defaultDirectories;
  const { lab } = options;
  const labsBefore = presentLabs(directories);
  const seen = {
    mounts: mountPoints(),
    namespaces: entries('/run/netns'),
    links: entries('/sys/class/net'),
    rules: firewallRules(),
    processes: labProcesses(directories),
    cgroups: labCgroups().flatMap((group) => directoriesOf(below(group, 2))),
    files: labFiles(directories),
  };
  // Asked twice: one may come or go while we look.
  const present = new Set([...labsBefore, ...presentLabs(directories)]);
  const others = lab === undefined ? [] : [...present].filter((other) => other !== lab);
  const isForeign = (line: string): boolean =>
    others.some((other) => tracesOf(directories, other).some((trace) => line.includes(trace)));
  const own = (lines: readonly string[]): readonly string[] =>
    [...new Set(lines)].filter((line) => !isForeign(line)).sort();
  const isShared = (file: string): boolean =>
    others.length > 0 &&
    (file === directories.state ||
      file.startsWith(runtimeDirectory) ||
      // A lock names a directory by its number only: whose it is cannot be told.
      file.startsWith(nspawnLocks));
  return {
    // `ip netns` makes this mount at its first use and keeps it for good.
    mounts: own(seen.mounts.filter((point) => point !== '/run/netns')),
    namespaces: own(seen.namespaces),
    links: own(seen.links),
    rules: own(seen.rules),
    processes: own(seen.processes),
    cgroups: own(seen.cgroups),
    files: own(seen.files.filter((file) => !isShared(file))),
    settings: others.length === 0 ? settings() : undefined,
  };
}

/** What came (`+`) and what went (`-`) between two inventories; empty when they are equal. */
export function diffInventory(before: HostInventory, after: HostInventory): string[] {
  const kinds = [
    'mounts',
    'namespaces',
    'links',
    'rules',
    'processes',
    'cgroups',
    'files',
    'settings',
  ] as const satisfies readonly (keyof HostInventory)[];
  return kinds.flatMap((kind) => {
    const [was, is] = [before[kind], after[kind]];
    if (was === undefined || is === undefined) return [];
    return [
      ...is.filter((line) => !was.includes(line)).map((line) => `+ ${kind}: ${line}`),
      ...was.filter((line) => !is.includes(line)).map((line) => `- ${kind}: ${line}`),
    ];
  });
}

function presentLabs(directories: LabDirectories): readonly string[] {
  const fromRules = firewallRules().map((rule) => /swarm-lab:([a-z0-9-]+)/.exec(rule)?.[1]);
  const fromNamespaces = entries('/run/netns').map((name) => {
    const [prefix, lab] = name.split('.');
    return prefix === namePrefix ? lab : undefined;
  });
  const found = [...entries(directories.state), ...fromRules, ...fromNamespaces];
  return [...new Set(found.filter((lab) => lab !== undefined))];
}

/** Texts by which a line of the inventory is known to belong to a lab. */
function tracesOf(directories: LabDirectories, lab: string): readonly string[] {
  return [
    `${path.join(directories.state, lab)}/`,
    namespacePrefix(lab),
    linkPrefix(lab),
    ruleComment(lab),
    ...labCgroups().map((group) => path.join(group, containerName(lab, ''))),
    `/${namePrefix}/${containerName(lab, '')}`,
    `/propagate/${containerName(lab, '')}`,
  ];
}

function directoriesOf(paths: readonly string[]): readonly string[] {
  return paths.filter((entry) => entry.endsWith('/'));
}

function labProcesses(directories: LabDirectories): readonly string[] {
  return entries('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      // It has ended; only its parent has not taken note.
      if (/^State:\s+[ZX]/m.test(readIfAny(`/proc/${pid}/status`))) return [];
      const argv = readIfAny(`/proc/${pid}/cmdline`).split('\0');
      const cgroup = /^.*(\/swarm-lab\/.*)$/m.exec(readIfAny(`/proc/${pid}/cgroup`))?.[1];
      const isOurs =
        argv.includes(runnerMarker) ||
        argv.some((word) => word.startsWith(`--directory=${directories.state}/`));
      if (!isOurs && cgroup === undefined) return [];
      const name = argv.find((word) => word.startsWith(`${namePrefix}.`)) ?? argv.join(' ');
      return [`${argv[0] ?? ''} ${cgroup ?? name}`];
    });
}

function labFiles(directories: LabDirectories): readonly string[] {
  const unfinished = entries(imagesDirectory(directories))
    .filter((name) => name.startsWith('.'))
    .map((name) => path.join(imagesDirectory(directories), name));
  return [
    ...[directories.state, runtimeDirectory].flatMap((directory) =>
      existsSync(directory) ? [directory, ...below(directory, 4)] : [],
    ),
    ...['locks', 'propagate', 'unix-export'].flatMap((kind) =>
      below(path.join('/run/systemd/nspawn', kind), 1),
    ),
    ...unfinished,
  ];
}

/** Paths below a directory, down to a depth; directories end with a stroke. */
function below(directory: string, depth: number): readonly string[] {
  if (depth === 0 || !existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const inner = path.join(directory, entry.name);
    return entry.isDirectory() ? [`${inner}/`, ...below(inner, depth - 1)] : [inner];
  });
}

/** Empty base chains are left out: the tools make them at the first look, and they do nothing. */
function firewallRules(): readonly string[] {
  const listed: string[] = [];
  if (findTool('iptables-save') !== undefined) {
    for (const line of output('iptables-save')) {
      if (line.startsWith('-') || /^:\S+ - /.test(line)) {
        listed.push(`iptables ${line.replace(/\[\d+:\d+\]/, '').trim()}`);
      }
    }
  }
  if (findTool('nft') !== undefined) {
    const isOurs = (line: string): boolean => /swarm-lab:|table ip swl_/.test(line);
    listed.push(
      ...output('nft', 'list', 'ruleset')
        .filter(isOurs)
        .map((line) => `nft ${line.trim()}`),
    );
  }
  return listed;
}

function settings(): readonly string[] {
  return touchedSettings
    .filter((name) => existsSync(path.join('/proc/sys', name)))
    .map((name) => `${name}=${readFileSync(path.join('/proc/sys', name), 'utf8').trim()}`);
}

function output(tool: string, ...args: readonly string[]): readonly string[] {
  return execFileSync(findTool(tool) ?? tool, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).split('\n');
}

function entries(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}

/** Empty for a process that ended meanwhile. */
function readIfAny(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
