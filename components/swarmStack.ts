import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import * as pulumi from '@pulumi/pulumi';
import { readComposeFiles } from '../core/compose/composeFiles';
import { composeReferences } from '../core/compose/loadCompose';
import { errorMessage } from '../core/errors';
import { Stack, type StackTimeoutsArgs } from '../provider/types';
import { refusal } from './refusal';
import { sealedContacts, sealedLogins } from './sealed';
import type { SwarmCluster } from './swarmCluster';

export interface SwarmStackArgs {
  /** The cluster that the stack runs on; the stack comes after all of its nodes. */
  readonly cluster: SwarmCluster;
  /** Name of the stack: its services are `NAME_service`. Default: the resource’s name. A change replaces it. */
  readonly stack?: string;
  /**
   * Paths of compose files, from the folder of the Pulumi program; a later one adds to and overrides
   * those before, as with `docker stack deploy -c … -c …`. What they name by a path of their own (`env_file`,
   * `file` of a config or a secret) is read from the folder of the first. Changed in place.
   */
  readonly files?: readonly string[];
  /** Compose files as text, after `files`. Changed in place. */
  readonly compose?: readonly pulumi.Input<string>[];
  /**
   * Values for `${NAME}` in the compose files; what is a Pulumi secret stays one. One without a value
   * and a default is an error. Changed in place.
   */
  readonly variables?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Names of variables of the environment that Pulumi runs in, to be taken over as plain variables. Default: none. */
  readonly variablesFromEnvironment?: readonly string[];
  /** Contents of configs, by their names in the compose files; in place of `file`. Changed in place. */
  readonly configs?: Readonly<Record<string, pulumi.Input<string>>>;
  /** Contents of secrets, by their names in the compose files; in place of `file`. Changed in place. */
  readonly secrets?: Readonly<Record<string, pulumi.Input<string>>>;
  /**
   * After an update that failed: `keep` leaves what there is; `rollback` puts the whole stack back to the
   * compose files of the state. The run fails either way. Default: `keep`.
   */
  readonly onFailure?: 'keep' | 'rollback';
  /**
   * Whether the preview checks that tasks find a place on the declared nodes: constraints, ports of the
   * nodes, replicas per node. `false` where nodes that nobody declares take tasks too. Default: true.
   */
  readonly checkPlacement?: boolean;
  /** Takes over a stack of this name that `docker stack deploy` made. Default: false. */
  readonly adopt?: boolean;
  /** Seconds that steps may take. */
  readonly timeouts?: StackTimeoutsArgs;
}

/**
 * A stack of compose files, deployed as `docker stack deploy` does and watched to its end: the run ends
 * when every service has converged, and fails with the tasks' own errors.
 */
export class SwarmStack extends pulumi.ComponentResource {
  /** Whether every task ran when it was last created or updated. */
  readonly isConverged: pulumi.Output<boolean>;

  constructor(name: string, args: SwarmStackArgs, options?: pulumi.ComponentResourceOptions) {
    super('swarm:index:SwarmStack', name, {}, options);
    const { cluster, files = [], variablesFromEnvironment = [] } = args;
    const [first] = files;
    const folder = first === undefined ? process.cwd() : dirname(resolve(first));
    const ofEnvironment = variablesFromEnvironment.map((key): [string, pulumi.Input<string>] => {
      const value = process.env[key];
      if (value !== undefined) return [key, value];
      throw refusal(
        `stack ${name}: the environment has no variable ${key}, which variablesFromEnvironment names; nothing was touched; set it, or take the name out`,
      );
    });
    const variables = splitSecrets({ ...Object.fromEntries(ofEnvironment), ...args.variables });
    const compose = pulumi.all([
      ...files.map((path) => ({ name: path, text: readText(name, path, resolve(path)) })),
      ...(args.compose ?? []).map((text, index) => ({
        name: `compose[${String(index)}]`,
        text: pulumi.output(text),
      })),
    ]);
    // Which files there are is no secret, although a path may hold a variable: what is in them is sealed below.
    const read = pulumi
      .unsecret(pulumi.all([compose, variables.plain, variables.secret]))
      .apply(([texts, plain, secret]) => {
        const { parts } = readComposeFiles(texts, { ...plain, ...secret });
        const wanted = composeReferences(parts);
        const contents = (paths: Readonly<Record<string, string>>, given: object) =>
          Object.fromEntries(
            Object.entries(paths)
              .filter(([key]) => !Object.hasOwn(given, key))
              .map(([key, path]) => [key, readText(name, path, resolve(folder, path))]),
          );
        const same = Object.fromEntries(wanted.envFiles.map((path) => [path, path]));
        return {
          envFiles: contents(same, {}),
          configs: contents(wanted.configs, args.configs ?? {}),
          secrets: contents(wanted.secrets, args.secrets ?? {}),
        };
      });
    const sealedFiles = pulumi.secret(read);
    const child = new Stack(
      name,
      {
        name: args.stack ?? name,
        clusterId: cluster.clusterId,
        managers: sealedContacts(cluster.contacts),
        compose,
        ...(args.checkPlacement === false ? {} : { nodes: cluster.places }),
        ...(cluster.registries.length === 0
          ? {}
          : { registries: sealedLogins(cluster.registries) }),
        ...(cluster.images.length === 0 ? {} : { images: cluster.images }),
        variables: variables.plain,
        secretVariables: variables.secret,
        envFiles: sealedFiles.envFiles,
        configs: pulumi
          .all([read.configs, args.configs ?? {}])
          .apply(([ofFiles, given]) => ({ ...ofFiles, ...given })),
        secrets: pulumi
          .all([sealedFiles.secrets, args.secrets ?? {}])
          .apply(([ofFiles, given]) => ({ ...ofFiles, ...given })),
        ...(args.onFailure === undefined ? {} : { onFailure: args.onFailure }),
        ...(args.adopt === undefined ? {} : { adopt: args.adopt }),
        ...(args.timeouts === undefined ? {} : { timeouts: args.timeouts }),
      },
      { parent: this, dependsOn: [cluster], deleteBeforeReplace: true },
    );
    this.isConverged = child.isConverged;
    this.registerOutputs({ isConverged: this.isConverged });
  }
}

type Texts = Readonly<Record<string, string>>;

/** A variable that is a secret makes no secret of the others. */
function splitSecrets(variables: Readonly<Record<string, pulumi.Input<string>>>): {
  readonly plain: pulumi.Output<Texts>;
  readonly secret: pulumi.Output<Texts>;
} {
  const all = Promise.all(
    Object.entries(variables).map(async ([key, value]) => {
      const output = pulumi.output(value);
      return { key, output, isSecret: await pulumi.isSecret(output) };
    }),
  );
  const those = (isSecret: boolean): pulumi.Output<Texts> =>
    pulumi.output(
      all.then((each) =>
        Object.fromEntries(
          each
            .filter((variable) => variable.isSecret === isSecret)
            .map(({ key, output }) => [key, output]),
        ),
      ),
    );
  return { plain: those(false), secret: pulumi.secret(those(true)) };
}

/** Fatal, as text only: what is no text cannot go through Pulumi unharmed. */
function readText(stack: string, shown: string, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    throw refusal(
      `stack ${stack}: the file ${shown} cannot be read as text: ${errorMessage(error)}; nothing was touched; mend its path (${path})`,
    );
  }
}
