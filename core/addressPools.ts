/** What `swarm init` takes where it is given no pools, or no size of their subnets. */
const defaults = { addressPools: ['10.0.0.0/8'], subnetSize: 24 } as const;

export type PoolSetting = keyof typeof defaults;
export const poolSettings = Object.keys(defaults) as readonly PoolSetting[];

/**
 * The setting that is in force. Docker's own answer is "none" (`null`, 0) for a default, until an engine has
 * started anew; from then on it is the default in full (seen on 20.10.24).
 */
export function poolSettingInForce(setting: PoolSetting, given: unknown): unknown {
  const isNone = given === undefined || given === 0 || (Array.isArray(given) && given.length === 0);
  return isNone ? defaults[setting] : given;
}
