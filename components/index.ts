export { SwarmCluster } from './swarmCluster';
export type { BackupArgs, ClusterNodeArgs, SwarmClusterArgs } from './swarmCluster';
export type { HookArgs, HooksArgs } from './hooks';
export { SwarmManager } from './swarmManager';
export type { SwarmManagerArgs } from './swarmManager';
export { SwarmWorker } from './swarmWorker';
export type { SwarmWorkerArgs } from './swarmWorker';
export { KeepalivedVip } from './keepalivedVip';
export type { BalanceArgs, KeepalivedVipArgs } from './keepalivedVip';
export { SwarmStack } from './swarmStack';
export type { SwarmStackArgs } from './swarmStack';
export { labMachines } from './machines/labMachines';
export type { LabMachinesArgs } from './machines/labMachines';
export { existingHosts } from './machines/existingHosts';
export type { ExistingHostsArgs } from './machines/existingHosts';
export type { Machine, MachineKind, MachineNode } from './machines/machineKind';
export type { EngineSpec, SwarmNodeArgs } from './swarmNode';
export { Service, Swarm } from '../provider/types';
export type {
  BalancedPortArgs,
  BalancedServerArgs,
  ImageArchiveArgs,
  NodeHookArgs,
  PublishedPortArgs,
  RegistryLoginArgs,
  ServiceArgs,
  StackTimeoutsArgs,
  SwarmArgs,
  VipCheckArgs,
} from '../provider/types';
export type { DaemonOptions } from '../core/daemonOptions';
export type {
  DistributionSource,
  DockerSource,
  EngineSourceSpec,
  PackagesSource,
  PreinstalledSource,
  StaticSource,
} from '../core/engineSource';
export type { Connection, LabConnection, ManagerContact, SshConnection } from '../core/connection';
