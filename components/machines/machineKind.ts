import type * as pulumi from '@pulumi/pulumi';
import type { Connection } from '../../core/connection';
import type { NodeImageSpec } from '../../core/nodeImage';

/** The node that a machine is made for. */
export interface MachineNode {
  /** Host name. */
  readonly name: string;
  /** IP address; stays the same over a rebuild. */
  readonly address: string;
  /** Wanted operating system, e.g. `debian:13`; undefined: whatever the kind of machine has. */
  readonly os: string | undefined;
  /** A running cluster is taken over: a machine of this name that is there already is this one, and stays as it is. Default: false. */
  readonly adopt?: boolean;
  /** What a node needs on its machine, for a kind that builds machines from prepared images. */
  readonly image?: NodeImageSpec;
}

/** A machine as the rest of the node's chain needs it. */
export interface Machine {
  /** Changes exactly when the machine is another one. */
  readonly machineId: pulumi.Output<string>;
  /** What makes the machine, e.g. for a `dependsOn`. */
  readonly resource: pulumi.Resource;
}

/**
 * Where the machines of a cluster come from. `labMachines` and `existingHosts` are two; a factory over
 * another provider's virtual machines is a third, written in a dozen lines: make the VM in `create`,
 * and give its ID as `machineId`.
 */
export interface MachineKind {
  /** Name of the lab on this computer, where machines are of one. */
  readonly lab?: string;
  /** How a node is reached, known before anything is registered. */
  connection(node: { readonly name: string; readonly address: string }): Connection;
  /**
   * Registers what machines are made from, under names that begin with `prefix`, ahead of every node. Default: this
   * kind prepares nothing.
   */
  prepare?(
    prefix: string,
    images: readonly NodeImageSpec[],
    options: pulumi.CustomResourceOptions,
  ): readonly pulumi.Resource[];
  /** Registers the machine with exactly these options: they hold parent, order and aliases. */
  create(node: MachineNode, options: pulumi.CustomResourceOptions): Machine;
}
