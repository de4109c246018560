import * as pulumi from '@pulumi/pulumi';
import { vrrpPriority } from '../core/keepalived/vrrpPriority';
import type { Engine, VipMemberArgs } from '../provider/types';
import { Balancer, VipMember } from '../provider/types';
import type { BalanceArgs, KeepalivedVip } from './keepalivedVip';
import { sealed, sealedContacts } from './sealed';
import { nodeAliases, registerChain } from './swarmNode';
import type { ChainOptions, SwarmNodeArgs } from './swarmNode';

export interface SwarmManagerArgs extends SwarmNodeArgs {
  /** Virtual IP that this manager holds or stands by for. */
  readonly vip?: KeepalivedVip;
}

/**
 * A manager of a swarm, from its machine to the virtual IP. Replacing it waits at the gate, hands the
 * virtual IP over, drains, demotes, leaves, removes, rebuilds with the same name and address, and joins
 * again.
 *
 * Alone, only the gate protects the swarm: two SwarmManagers without `startAfter` may both be replaced
 * in one run, one waiting at the gate for the other. `SwarmCluster` chains them.
 */
export class SwarmManager extends pulumi.ComponentResource {
  /** Docker Engine of the node. */
  readonly engine: Engine;
  /** ID of the node in the swarm. */
  readonly nodeId: pulumi.Output<string>;
  /** The last link of the chain: what comes after this node depends on it. */
  readonly last: pulumi.Resource;

  constructor(name: string, args: SwarmManagerArgs, options?: pulumi.ComponentResourceOptions) {
    super(
      'swarm:index:SwarmManager',
      name,
      {},
      pulumi.mergeOptions(options, nodeAliases('swarm:index:SwarmWorker', args.previousName)),
    );
    const { engine, node, options: chain } = registerChain(this, name, 'manager', args);
    this.engine = engine;
    this.nodeId = node.nodeId;
    this.last = args.vip === undefined ? node : onVip(name, args, args.vip, node.nodeId, chain);
    this.registerOutputs({ nodeId: this.nodeId });
  }
}

/** The balancer is up before the address may come, and goes after the address has left. */
function onVip(
  name: string,
  args: SwarmManagerArgs,
  vip: KeepalivedVip,
  nodeId: pulumi.Output<string>,
  options: ChainOptions,
): VipMember {
  const { balance } = vip.args;
  if (balance === undefined) return vipMember(name, args, vip, nodeId, options);
  const balancer = registerBalancer(name, args, vip, balance, nodeId, options);
  const after = [...options.dependsOn, balancer];
  return vipMember(name, args, vip, nodeId, { ...options, dependsOn: after });
}

function registerBalancer(
  name: string,
  args: SwarmManagerArgs,
  vip: KeepalivedVip,
  balance: BalanceArgs,
  nodeId: pulumi.Output<string>,
  options: ChainOptions,
): Balancer {
  const managers = args.managers.filter(({ isStandIn }) => isStandIn !== true);
  const servers = balance.servers ?? managers;
  return new Balancer(
    name,
    {
      name,
      nodeId,
      clusterId: args.clusterId,
      connection: sealed(args.machine.connection({ name, address: args.address })),
      managers: sealedContacts(managers),
      addresses: vip.args.addresses,
      ports: balance.ports,
      servers: servers.map((server) => ({ name: server.name, address: server.address })),
      ...(balance.drainSeconds === undefined ? {} : { drainSeconds: balance.drainSeconds }),
    },
    options,
  );
}

function vipMember(
  name: string,
  args: SwarmManagerArgs,
  vip: KeepalivedVip,
  nodeId: pulumi.Output<string>,
  options: pulumi.CustomResourceOptions,
): VipMember {
  const managers = args.managers.filter(({ isStandIn }) => isStandIn !== true);
  const index = managers.findIndex((manager) => manager.name === name);
  return new VipMember(
    name,
    {
      name,
      nodeId,
      clusterId: args.clusterId,
      address: args.address,
      connection: sealed(args.machine.connection({ name, address: args.address })),
      managers: sealedContacts(managers),
      ...(args.onLocalData === undefined ? {} : { onLocalData: args.onLocalData }),
      ...(args.timeouts?.gate === undefined ? {} : { timeouts: { gate: args.timeouts.gate } }),
      vip: vip.vipName,
      addresses: vip.args.addresses,
      routerId: vip.args.routerId,
      priority: vrrpPriority(Math.max(0, index)),
      ...(vip.args.allowGap === undefined ? {} : { allowGap: vip.args.allowGap }),
      ...vipArguments(
        vip,
        managers.flatMap((one) => (one.name === name ? [] : [one.address])),
      ),
    },
    options,
  );
}

/** What was given of the rest; the password is encrypted in the state and never shown. */
function vipArguments({ args }: KeepalivedVip, others: readonly string[]): Partial<VipMemberArgs> {
  const { interface: name, advertisementSeconds, vrrpVersion, password } = args;
  const { trackNode, checks, preferred, notify } = args;
  return {
    ...(name === undefined ? {} : { interface: name }),
    ...(advertisementSeconds === undefined ? {} : { advertisementSeconds }),
    ...(vrrpVersion === undefined ? {} : { vrrpVersion }),
    ...(password === undefined ? {} : { password: pulumi.secret(password) }),
    ...(args.unicast === true ? { peers: others } : {}),
    ...(trackNode === undefined ? {} : { trackNode }),
    ...(args.balance === undefined ? {} : { isBalanced: true }),
    ...(checks === undefined ? {} : { checks }),
    ...(preferred === undefined ? {} : { preferred }),
    ...(notify === undefined ? {} : { notify }),
  };
}
