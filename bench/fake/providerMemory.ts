import { readFileSync, readdirSync } from 'node:fs';

/** Watches the provider of a project while it runs. */
export interface MemoryWatch {
  /** Most memory that it had, in MiB; 0 when it was not seen. */
  stop(): number;
}

/** The kernel keeps the peak of a process itself; it is read until the process ends. */
export function watchProviderMemory(projectDirectory: string): MemoryWatch {
  let peakKib = 0;
  const timer = setInterval(() => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const commandLine = read(`/proc/${pid}/cmdline`).split('\0');
      const isOurs = commandLine.some((word) =>
        word.startsWith(`${projectDirectory}/plugin/pulumi-resource-`),
      );
      if (!isOurs) continue;
      const peak = /^VmHWM:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1];
      peakKib = Math.max(peakKib, Number(peak ?? 0));
    }
  }, 250);
  return {
    stop: () => {
      clearInterval(timer);
      return peakKib / 1024;
    },
  };
}

/** A process may end at any moment. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
