import type { InputFailure } from '../../core/errors';
import type { Effects } from '../../effects/effects';

/** A property that is not known yet, as the engine sends it in a preview. */
export const unknown: unique symbol = Symbol('unknown');

/** Property values as resources see them: plain JavaScript; secrets are plain here and wrapped again on the way out. */
export type PropertyValue =
  null | boolean | number | string | typeof unknown | readonly PropertyValue[] | PropertyMap;
export interface PropertyMap {
  readonly [key: string]: PropertyValue | undefined;
}

/** What a change of one property path costs. */
export type Impact = 'update' | 'replace';

export interface DiffResult {
  /** One row per changed path, e.g. `labels.rack` → `update`. Empty: no change. */
  readonly changes: Readonly<Record<string, Impact>>;
  /** Paths of `changes` that are new or gone rather than changed. */
  readonly added?: readonly string[];
  readonly removed?: readonly string[];
}

export interface CreateResult {
  readonly id: string;
  /** What is known besides the inputs; the server adds those that the state holds. */
  readonly outputs: PropertyMap;
  /** "Built but not ready": the resource is saved with its ID, the run fails with these reasons, and the next `up` calls Update. */
  readonly initErrors?: readonly string[];
}

export interface UpdateResult {
  /** As in `CreateResult`: the new inputs are added by the server. */
  readonly outputs: PropertyMap;
  readonly initErrors?: readonly string[];
}

/** `undefined` only when the one authority says that the thing is gone. */
export type ReadResult =
  | {
      readonly id: string;
      readonly inputs: PropertyMap;
      readonly outputs: PropertyMap;
      readonly initErrors?: readonly string[];
    }
  | undefined;

/** Singles out a registered resource: by its name, or by the inputs of its Check, which may be faulty. */
export type Which = string | ((inputs: PropertyMap) => boolean);

/** What every operation gets: who it is for, how it speaks, what it may touch. */
export interface Operation {
  readonly urn: string;
  /** Last part of the URN. */
  readonly name: string;
  readonly effects: Effects;
  /** Aborted when the run is cancelled by losing the CLI; operations run on to their next safe point and stop there. */
  readonly signal: AbortSignal;
  /** This provider process has seen a program's registration (a Check). False in `pulumi destroy`, and in an `up` whose program declares nothing. */
  readonly isProgramRun: boolean;
  /** Whether this run's program has registered such a resource by now: a Check of it was served. Any such resource when none is singled out. */
  isRegistered(token: string, which?: Which): boolean;
  /** Whether this process has created, changed and deleted nothing so far: what it saw a moment ago is still so. */
  hasOnlyLooked(): boolean;
  /** `pulumi preview`: only functions, `previewCreate` and `previewUpdate` are called in one. */
  readonly isPreview: boolean;
  /** `customTimeouts` of the resource in seconds, or undefined. */
  readonly timeoutSeconds: number | undefined;
  /** Kept line under Diagnostics. */
  log(severity: 'info' | 'warning' | 'error', message: string): void;
  /** Live status in the progress view; not kept. */
  status(message: string): void;
  /**
   * Runs one step: shows its sentence as live status, writes it to the journal with its time and
   * outcome, and lets its errors through. At a step's start the operation stops here if the CLI is lost.
   */
  step<T>(sentence: string, action: () => Promise<T>): Promise<T>;
  /**
   * The same operation, for what must not be left half-way: its steps and waits go on when the CLI is lost. The
   * caller has a step of the operation itself before, and comes to its next safe point.
   */
  uninterrupted(): Operation;
}

/** How a thing that is there already gets into a state one by one, by `pulumi import`. */
export type Importing =
  | {
      /** The ID that `pulumi import` is given, and what must be there. */
      readonly form: string;
      /** Fills inputs and outputs from the world, and changes nothing of it. */
      read(id: string, operation: Operation): Promise<ReadResult>;
    }
  | {
      /** What to do in place of an import. */
      readonly instead: string;
    };

/** One custom resource of the provider. No network in `check` and `diff`: the engine calls them one after another. */
export interface Resource {
  /** `swarm:index:Node`. */
  readonly token: string;
  readonly description: string;
  readonly inputs: Readonly<Record<string, PropertySchema>>;
  readonly outputs: Readonly<Record<string, PropertySchema>>;
  readonly importing: Importing;
  /** Whether the engine Reads it before every preview and `up`, so that drift is in the plan. */
  readonly refreshBeforeUpdate?: boolean | ((inputs: PropertyMap) => boolean);
  /** Every failure at once; may fill in defaults. */
  check(
    inputs: PropertyMap,
    old: PropertyMap | undefined,
  ): { readonly inputs: PropertyMap; readonly failures: readonly InputFailure[] };
  /** `inputs` as last given, `state` the same with the outputs as stored; so it is wherever `old` is handed over. */
  diff(
    old: { readonly inputs: PropertyMap; readonly state: PropertyMap },
    inputs: PropertyMap,
  ): DiffResult;
  /**
   * What `up` would do, as sentences; shown by `pulumi preview`. Both may look at the world, and throw
   * what `up` would refuse with: only here is it known that the state has no such resource.
   */
  previewCreate?(
    inputs: PropertyMap,
    operation: Operation,
  ): readonly string[] | Promise<readonly string[]>;
  previewUpdate?(
    inputs: PropertyMap,
    state: PropertyMap,
    operation: Operation,
  ): readonly string[] | Promise<readonly string[]>;
  /** Outputs that an Update will change, as far as they are known before it; `unknown` otherwise. Default: none. */
  previewOutputs?(inputs: PropertyMap, state: PropertyMap): PropertyMap;
  /**
   * Where it leaves the node when Ctrl-C lets this operation be the run's last, and the command that
   * goes on, as a sentence; undefined: nothing is left open.
   */
  interrupted?(kind: 'create' | 'update' | 'delete', inputs: PropertyMap): string | undefined;
  create(inputs: PropertyMap, operation: Operation): Promise<CreateResult>;
  read(
    id: string,
    old: { readonly inputs: PropertyMap; readonly state: PropertyMap },
    operation: Operation,
  ): Promise<ReadResult>;
  update(
    id: string,
    old: { readonly inputs: PropertyMap; readonly state: PropertyMap },
    inputs: PropertyMap,
    operation: Operation,
  ): Promise<UpdateResult>;
  delete(
    id: string,
    old: { readonly inputs: PropertyMap; readonly state: PropertyMap },
    operation: Operation,
  ): Promise<void>;
}

/** A function of the provider. */
export interface ProviderFunction {
  readonly token: string;
  readonly description: string;
  readonly inputs: Readonly<Record<string, PropertySchema>>;
  readonly outputs: Readonly<Record<string, PropertySchema>>;
  call(
    args: PropertyMap,
    operation: Operation,
  ): Promise<{ readonly result: PropertyMap } | { readonly failures: readonly InputFailure[] }>;
}

/** The subset of Pulumi's schema language that we use. */
export interface PropertySchema {
  readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'array' | 'object' | 'any';
  readonly description: string;
  readonly items?: PropertySchema;
  readonly additionalProperties?: PropertySchema;
  /** Known keys of an object; says where secrets are inside it. */
  readonly properties?: Readonly<Record<string, PropertySchema>>;
  /** The engine keeps the value encrypted and shows `[secret]`, whether the program marked it or not. */
  readonly isSecret?: boolean;
  /** Inputs only. */
  readonly isRequired?: boolean;
  /** How something is reached, and not what it is: an input that is not in the state. Default: false. */
  readonly isInputOnly?: boolean;
}

/** Whether the state is without it. */
export function isInputOnly({ inputs, outputs }: Resource, property: string): boolean {
  return inputs[property]?.isInputOnly === true && !(property in outputs);
}
