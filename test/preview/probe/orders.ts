import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** What a test tells the probe's operations to do; keys are `create Machine n1` and the like. */
export interface Orders {
  /** Throw this message after the steps. */
  readonly fail?: Readonly<Record<string, string>>;
  /** Sentences of the steps, instead of one. */
  readonly steps?: Readonly<Record<string, readonly string[]>>;
  /** How long each step takes. */
  readonly stepMs?: number;
  /** "Built but not ready" for these reasons. */
  readonly initErrors?: Readonly<Record<string, readonly string[]>>;
  /** Names of nodes whose host does not answer a Read. */
  readonly silent?: readonly string[];
}

/** Environment variable that names the file of orders. */
export const ordersFileVariable = 'PROBE_ORDERS';

/** Read afresh at each operation: a test changes it between runs. */
export function readOrders(): Orders {
  const file = process.env[ordersFileVariable];
  return file !== undefined && existsSync(file)
    ? (JSON.parse(readFileSync(file, 'utf8')) as Orders)
    : {};
}

export function writeOrders(file: string, orders: Orders): void {
  writeFileSync(file, JSON.stringify(orders));
}
