/** Something of the user's that a node must have to hold the addresses. */
export type VrrpCheck = VrrpCheckTarget & VrrpCheckPace;

export type VrrpCheckTarget =
  | { readonly tcp: number }
  | { readonly http: number; readonly path?: string }
  | { readonly command: readonly string[] };

export interface VrrpCheckPace {
  /** Whole seconds. Default: 2. */
  readonly intervalSeconds?: number;
  /** Whole seconds. Default: 2. */
  readonly timeoutSeconds?: number;
  /** Failures in a row that make the node give the addresses up. Default: 2. */
  readonly fall?: number;
  /** Successes in a row after which it may hold them again. Default: 2. */
  readonly rise?: number;
}

export const defaultCheckPace = {
  intervalSeconds: 2,
  timeoutSeconds: 2,
  fall: 2,
  rise: 2,
} as const satisfies Required<VrrpCheckPace>;

export const defaultHttpPath = '/';
