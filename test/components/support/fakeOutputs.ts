import * as pulumi from '@pulumi/pulumi';

/** What the provider would answer to a Create, beside the inputs. */
export function fakeOutputs(type: string, name: string): Record<string, unknown> {
  const outputs: Readonly<Record<string, Record<string, unknown>>> = {
    'swarm:index:HostIdentity': {
      publicKey: `public key of ${name}`,
      privateKey: pulumi.secret(`private key of ${name}`),
    },
    'swarm:index:LabMachine': { machineId: `machine-${name}`, image: 'debian-12' },
    'swarm:index:Host': { machineId: `host-${name}` },
    'swarm:index:Engine': { engineId: `engine-${name}`, engineVersion: '26.1.5' },
    'swarm:index:Swarm': { clusterId: 'cluster-1' },
    'swarm:index:Node': { nodeId: `node-${name}`, isReady: true },
    'swarm:index:VipMember': { memberId: `vip-${name}` },
  };
  return outputs[type] ?? {};
}
