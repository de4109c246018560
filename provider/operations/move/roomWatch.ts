import type { Clock } from '../../../effects/clock';

/** How long a new task may find no node before its move is given up. */
const roomSeconds = 10;

/** Tells services whose new task finds no node, and has not for long enough. */
export class RoomWatch {
  private readonly since = new Map<string, number>();

  constructor(private readonly clock: Clock) {}

  /** To be asked at each look at which there is no room. */
  isLacking(serviceId: string): boolean {
    const now = this.clock.monotonicMs();
    const since = this.since.get(serviceId) ?? now;
    this.since.set(serviceId, since);
    return now - since >= roomSeconds * 1000;
  }

  forget(serviceId: string): void {
    this.since.delete(serviceId);
  }
}
