import { readFileSync, readdirSync } from 'node:fs';
import { searchText, type Finding } from './search';
import type { Secret } from './secret';

/**
 * Looks again and again at the command line and the environment of every process of this computer. The
 * processes of lab machines are among them: they share its kernel.
 */
export class ProcessWatch {
  /** By what was seen, the process that it was seen of. */
  private readonly seen = new Map<string, string>();
  private readonly known = new Set<string>();
  private readonly timer: NodeJS.Timeout;
  private looks = 0;

  constructor(everyMs = 100) {
    this.timer = setInterval(() => {
      this.look();
    }, everyMs);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** How often it looked, and how many different command lines it saw. */
  get extent(): { readonly looks: number; readonly commandLines: number } {
    return { looks: this.looks, commandLines: this.known.size };
  }

  look(): void {
    this.looks += 1;
    for (const pid of readdirSync('/proc')) {
      if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
      const commandLine = read(`/proc/${pid}/cmdline`);
      const key = `${pid} ${commandLine}`;
      // What runs changes at an exec, and with it its environment.
      if (commandLine === '' || this.known.has(key)) continue;
      this.known.add(key);
      const who = commandLine.split('\0').slice(0, 3).join(' ').slice(0, 80);
      this.seen.set(commandLine, `command line of ${who}`);
      for (const variable of read(`/proc/${pid}/environ`).split('\0')) {
        this.seen.set(variable, `variable ${variable.replace(/=[^]*$/, '')} of ${who}`);
      }
    }
  }

  search(secrets: readonly Secret[]): readonly Finding[] {
    return [...this.seen].flatMap(([text, place]) => searchText(place, text, secrets));
  }
}

/** Empty for a process that ended meanwhile. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
