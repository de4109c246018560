import type { EngineUpgrade, KeptEngine } from './engineChange';
import type { EngineSourceSpec } from './engineSource';
import type { Availability, ServiceFacts, Sight, SwarmNodeFacts } from './facts';
import type { GateFacts } from './gate';
import type { HookMoment } from './hooks';
import type { Labels } from './labels';
import type { ServiceBaseline } from './lease';
import type { DeclaredVip } from './vip/planVipMoves';

/** One declared node, as far as a roll depends on it. */
export interface RolloutNode {
  readonly name: string;
  readonly address: string;
  /** Its name before it was renamed: an entry of that name at its address is its own. Default: none. */
  readonly previousName?: string;
  /** Wanted operating system, e.g. `debian:13`; undefined: whatever it has. */
  readonly os: string | undefined;
  /** Wanted engine version; undefined: whatever the OS brings. */
  readonly engineVersion: string | undefined;
  /** Wanted source of the engine. Default: the distribution. */
  readonly engineSource?: EngineSourceSpec;
  /** Wanted options of the daemon. Default: none. */
  readonly engineDaemon?: Readonly<Record<string, unknown>>;
  /** How a newer engine comes to the node. Default: it is replaced. */
  readonly engineUpgrade?: EngineUpgrade;
  /** Only a take-over looks at these two: in every other run they are changed in place. Default: none, and `active`. */
  readonly labels?: Labels;
  readonly availability?: Availability;
  /** Programs of its hooks. Default: none. */
  readonly hooks?: Partial<Record<HookMoment, string>>;
}

/** What one declared manager's own host told. */
export interface HostSight {
  readonly name: string;
  /** `absent`: the one authority on it says that there is no such machine, or no engine on it, yet. */
  readonly swarm: 'member' | 'none' | 'absent' | 'unknown';
  /** The machine's own os-release; only asked of managers, and in a take-over. */
  readonly os: string | undefined;
  /** Cluster ID, which only a manager knows. */
  readonly clusterId?: string;
  /** Node ID by its own word. */
  readonly nodeId?: string;
  /** Why `swarm` is `unknown`. */
  readonly why?: string;
}

export interface RolloutFacts {
  readonly managers: readonly HostSight[];
  /** Asked at their own hosts only in a take-over. Default: none. */
  readonly workers?: readonly HostSight[];
  /** What the gate reads; `clusterId` is that of the swarm that the managers are in. */
  readonly gate: GateFacts | undefined;
  /** A worker that stands in for the only manager answers as a manager. Default: false. */
  readonly isHeldByStandIn?: boolean;
  /** The last run knew how to reach who is to stand in for an only manager. Default: false. */
  readonly knowsStandIns?: boolean;
  /** The list of nodes of a manager that answered. */
  readonly nodes: Sight<readonly SwarmNodeFacts[]>;
  /** Interface addresses seen on managers: who holds the virtual IP. */
  readonly vipHolder: string | undefined;
  /** Why a manager cannot take the virtual IP now, by its name. Default: every one can. */
  readonly vipUnfit?: Readonly<Record<string, string>>;
  /** Managers that hold the virtual IP by a keepalived that is not ours. Default: none. */
  readonly vipStrangers?: readonly string[];
  /** Whether a manager's port offers ALPN, by its name; asked of engines that may have lost it. Default: each does. */
  readonly alpn?: Readonly<Record<string, Sight<boolean>>>;
  /** The swarm is on no host, but in an archive. Default: it is not. */
  readonly restore?: RestoreSight;
  /** What runs in the swarm; only asked where a node is upgraded in place. Default: nothing. */
  readonly running?: Sight<{
    readonly services: readonly ServiceFacts[];
    readonly tasks: ServiceBaseline;
  }>;
  /** Engines that an upgrade in place, held or interrupted, would put back, by their managers. Default: none. */
  readonly kept?: Readonly<Record<string, KeptEngine>>;
  /** Managers that the head of the run sets right, and how it does so, e.g. `is locked: it is unlocked`. Default: none. */
  readonly unsettled?: readonly { readonly name: string; readonly why: string }[];
}

/** What holds the swarm of an only manager that is out: see core/outage.ts. */
export interface RestoreSight {
  /** Name of the manager that it is of. */
  readonly name: string;
  /** Path of the archive. */
  readonly archive: string;
  /** ISO 8601. */
  readonly takenAt: string;
  /** Why it cannot be put back; undefined: nothing speaks against it. */
  readonly fault: string | undefined;
}

export interface RolloutDeclaration {
  readonly managers: readonly RolloutNode[];
  readonly workers: readonly RolloutNode[];
  readonly maxUnavailable: number | string;
  /** Who is a manager while one is out: see core/standIn.ts. Default: nobody. */
  readonly standIn?: true | string;
  /** Directory that the swarm of an only manager may be archived to while that is rebuilt. Default: it may not. */
  readonly outageArchive?: string;
  /** Cluster ID of a running swarm that this run takes over. Default: none. */
  readonly adopt?: string;
  readonly vip?: DeclaredVip;
  /** Ports of the nodes that a balancer behind the virtual IP spreads. Default: none. */
  readonly balancedPorts?: readonly number[];
  /** The roll pauses behind its first node under this change: see core/canary.ts. Default: it does not. */
  readonly canary?: string;
  /** Control may be lost for a while, where there are too few managers. Default: it may not. */
  readonly isOutageAllowed?: boolean;
}

/** One node's turn, with the numbers while it is out. */
export interface RolloutTurn {
  readonly name: string;
  readonly role: 'manager' | 'worker';
  /** `replace`: in the swarm and different. `inPlace`: only its engine is exchanged. `add`: not in the swarm yet. `adopt`: taken over as it is. `restore`: put back from its archive. */
  readonly kind: 'replace' | 'inPlace' | 'add' | 'adopt' | 'restore';
  /** What differs, e.g. `os debian:12 → debian:13`. */
  readonly why: readonly string[];
  /** The manager that it will join by; undefined: there is none but itself. */
  readonly contact: string | undefined;
  /** Why its engine could join by nobody. Default: it can. */
  readonly refusal?: string;
  readonly sentence: string;
}

export interface RolloutPlan {
  /** `none`: no declared address is in any swarm. `unknown`: some did not answer, so nobody may found one. */
  readonly swarm: 'none' | 'live' | 'unknown';
  readonly managers: readonly string[];
  readonly batches: readonly (readonly string[])[];
  readonly maxUnavailable: number;
  readonly turns: readonly RolloutTurn[];
  /** Where the virtual IP is, and where it goes when; undefined: nobody holds it, or nobody goes. */
  readonly vip?: string;
  /** Why the roll could not be carried out safely now; empty when it can, or when nothing is to be replaced. */
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
}
