import type { ClusterNodeArgs } from '../../../components';

type More = Omit<ClusterNodeArgs, 'name' | 'address'>;

/** Node `m1` or `w1` at the address that belongs to its name. */
export function node(name: string, more: More = {}): ClusterNodeArgs {
  const host = Number(name.slice(1)) + (name.startsWith('m') ? 10 : 20);
  return { name, address: `10.88.0.${String(host)}`, ...more };
}

/** The node of a name under another one: its address stays. */
export function renamed(to: string, from: string, more: More = {}): ClusterNodeArgs {
  return { ...node(from, more), name: to, previousName: from };
}

export const threeManagers = ['m1', 'm2', 'm3'].map((name) => node(name));
