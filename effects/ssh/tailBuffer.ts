/** Keeps the last `limit` bytes of what is written to it. */
export class TailBuffer {
  private chunks: Buffer[] = [];
  private size = 0;
  private dropped = 0;

  constructor(private readonly limit: number) {}

  write(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    // Compacted only at twice the limit, so that a long output is not copied for every chunk.
    if (this.size > 2 * this.limit) {
      this.compact();
    }
  }

  /** Bytes that are no longer here. */
  get droppedBytes(): number {
    this.compact();
    return this.dropped;
  }

  toString(): string {
    this.compact();
    return Buffer.concat(this.chunks).toString('utf8');
  }

  private compact(): void {
    if (this.size <= this.limit) {
      return;
    }
    const whole = Buffer.concat(this.chunks);
    const kept = Buffer.from(whole.subarray(whole.length - this.limit));
    this.dropped += whole.length - kept.length;
    this.chunks = [kept];
    this.size = kept.length;
  }
}
