import * as pulumi from '@pulumi/pulumi';
import type { EngineSourceSpec } from '../../core/engineSource';

export interface NodeImageArgs {
  /** Name of the image, made from its content: see `nodeImageName`. */
  name: pulumi.Input<string>;
  /** Operating system that it is made from, e.g. `debian:13`. */
  os: pulumi.Input<string>;
  /** Engine version, e.g. `26.1.5`, or its leading parts. Default: the newest of its source. */
  version?: pulumi.Input<string>;
  /** Where the engine comes from. Default: the distribution. */
  source?: pulumi.Input<EngineSourceSpec>;
  /** Packages of the OS beside the engine. */
  packages: pulumi.Input<readonly pulumi.Input<string>[]>;
}

/** An image of an OS with engine and packages installed, that machines of a lab are made from. No machine is replaced for it. */
export class NodeImage extends pulumi.CustomResource {
  /** Content identity of the image. */
  declare readonly image: pulumi.Output<string>;

  constructor(name: string, args: NodeImageArgs, options?: pulumi.CustomResourceOptions) {
    super('swarm:index:NodeImage', name, { ...args, image: undefined }, options);
  }
}
