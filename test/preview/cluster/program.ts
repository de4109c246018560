import { readFileSync } from 'node:fs';
import { secret, type ComponentResourceOptions } from '@pulumi/pulumi';
import type { BalanceArgs, ClusterNodeArgs, HooksArgs } from '../../../components';
import { SwarmCluster, SwarmStack, labMachines } from '../../../components';
import { labName, labSubnet, vipAddress } from './world';

/** What a test declares. */
export interface Declaration {
  /** None: the program declares nothing. */
  readonly managers: readonly ClusterNodeArgs[];
  readonly workers?: readonly ClusterNodeArgs[];
  /** Default: `debian:12`. */
  readonly os?: string;
  readonly engineVersion?: string;
  readonly engineUpgrade?: 'replace' | 'inPlace';
  readonly hooks?: HooksArgs;
  readonly pauseAfter?: 'canary';
  readonly rebalance?: true | readonly string[];
  readonly allowDestroy?: boolean;
  readonly allowOutage?: boolean;
  readonly backup?: { readonly directory: string };
  readonly adopt?: string;
  readonly balance?: BalanceArgs;
  /** Seconds that every node waits at the gate. Default: the components'. */
  readonly gateSeconds?: number;
  readonly stack?: StackDeclaration;
  /** A user's own wish for every child, set by a transformation. */
  readonly deleteBeforeReplace?: boolean;
}

/** A stack `shop` on the cluster. */
export interface StackDeclaration {
  readonly files: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly secretVariables?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly onFailure?: 'rollback';
}

const declaration = JSON.parse(
  readFileSync(process.env['PROGRAM_DECLARATION'] ?? '', 'utf8'),
) as Declaration;

const cluster = declaration.managers.length > 0 ? declare(declaration) : undefined;

if (cluster !== undefined && declaration.stack !== undefined) {
  const { files, variables, secretVariables, secrets, onFailure } = declaration.stack;
  new SwarmStack('shop', {
    cluster,
    files,
    variables: { ...variables, ...sealed(secretVariables) },
    secrets: sealed(secrets),
    ...(onFailure === undefined ? {} : { onFailure }),
  });
}

export const clusterId = cluster?.clusterId;
export const unlockKey = cluster?.unlockKey;

function declare({ managers, workers = [], os = 'debian:12', ...rest }: Declaration): SwarmCluster {
  const { allowDestroy, allowOutage, backup, adopt, balance, engineVersion, gateSeconds } = rest;
  const { hooks, pauseAfter, rebalance } = rest;
  const engine = {
    ...(engineVersion === undefined ? {} : { version: engineVersion }),
    ...(rest.engineUpgrade === undefined ? {} : { upgrade: rest.engineUpgrade }),
  };
  return new SwarmCluster(
    'demo',
    {
      machine: labMachines({ lab: labName, subnet: labSubnet }),
      os,
      managers,
      workers,
      vip: {
        addresses: [vipAddress],
        routerId: 51,
        ...(balance === undefined ? {} : { balance }),
      },
      ...(hooks === undefined ? {} : { hooks }),
      ...(pauseAfter === undefined ? {} : { pauseAfter }),
      ...(rebalance === undefined ? {} : { rebalance }),
      ...(allowDestroy === undefined ? {} : { allowDestroy }),
      ...(allowOutage === undefined ? {} : { allowOutage }),
      ...(backup === undefined ? {} : { backup }),
      ...(adopt === undefined ? {} : { adopt }),
      ...(Object.keys(engine).length === 0 ? {} : { engine }),
      ...(gateSeconds === undefined ? {} : { timeouts: { gate: gateSeconds } }),
    },
    wishes(rest.deleteBeforeReplace),
  );
}

function sealed(values: Readonly<Record<string, string>> = {}) {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, secret(value)]));
}

function wishes(deleteBeforeReplace: boolean | undefined): ComponentResourceOptions {
  return deleteBeforeReplace === undefined
    ? {}
    : {
        transformations: [({ props, opts }) => ({ props, opts: { ...opts, deleteBeforeReplace } })],
      };
}
