/** What the answer of `POST /images/create` says, line by line. */
export class PullProgress {
  private rest = '';
  private readonly layers = new Map<string, { bytes: number; total: number }>();
  private fault: string | undefined;

  /** Takes a piece of the answer, cut anywhere. */
  take(text: string): void {
    const lines = `${this.rest}${text}`.split('\n');
    // Of a line that never ends no more is kept than one can be long.
    this.rest = (lines.pop() ?? '').slice(-maxLine);
    lines.forEach((line) => {
      this.takeLine(line);
    });
  }

  /** The error that ended it, after its end. The status is 200 by the time that pulling fails. */
  error(): string | undefined {
    this.takeLine(this.rest);
    this.rest = '';
    return this.fault;
  }

  /** Bytes that came, and of how many, over the layers that were told of so far. */
  sizes(): { readonly bytes: number; readonly total: number } {
    const all = [...this.layers.values()];
    const sum = (of: 'bytes' | 'total'): number => all.reduce((whole, each) => whole + each[of], 0);
    return { bytes: sum('bytes'), total: sum('total') };
  }

  private takeLine(line: string): void {
    const message = parseObject(line);
    if (message === undefined) return;
    const { error, id, status, progressDetail } = message;
    if (error !== undefined) this.fault ??= typeof error === 'string' ? error : 'no sentence';
    if (typeof id !== 'string' || status !== 'Downloading') return;
    const { current, total } = (progressDetail ?? {}) as Readonly<Record<string, unknown>>;
    if (typeof current === 'number' && typeof total === 'number') {
      this.layers.set(id, { bytes: current, total });
    }
  }
}

const maxLine = 64 * 1024;

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}
