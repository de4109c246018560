import type { DockerApi } from './docker';
import type { Effects, Host } from './effects';

/** The same effects with each host's engine behind another: one and the same for each host, for what is shared or listened to goes by the object. */
export function withEngines(effects: Effects, engine: (docker: DockerApi) => DockerApi): Effects {
  const { hosts } = effects;
  const known = new WeakMap<Host, Host>();
  const changed = (host: Host): Host => {
    const present = known.get(host) ?? withDocker(host, engine(host.docker));
    known.set(host, present);
    return present;
  };
  return {
    ...effects,
    hosts: {
      connect: async (...args) => changed(await hosts.connect(...args)),
      close: () => hosts.close(),
    },
  };
}

function withDocker(host: Host, docker: DockerApi): Host {
  return new Proxy(host, {
    get: (of, key) => (key === 'docker' ? docker : bound(of, key)),
  });
}

/** A property, and a method as the object itself has it: it may use private fields. */
export function bound(of: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(of, key);
  return typeof value === 'function' ? (value.bind(of) as unknown) : value;
}
