import type { VrrpFacts } from './ways';

/**
 * keepalived.conf as a careful operator writes it by hand: the program's own defaults, among them VRRP 2
 * with an advertisement a second and preemption, and one check, of the engine.
 */
export function keepalivedByHand({
  addresses,
  interface: name,
  routerId,
  index,
}: VrrpFacts): string {
  return [
    'global_defs {',
    '    enable_script_security',
    '    script_user root',
    '}',
    '',
    'vrrp_script engine {',
    '    script "/usr/bin/systemctl is-active --quiet docker.service"',
    '    interval 2',
    '    fall 2',
    '    rise 2',
    '}',
    '',
    'vrrp_instance VI_1 {',
    `    state ${index === 0 ? 'MASTER' : 'BACKUP'}`,
    `    interface ${name}`,
    `    virtual_router_id ${String(routerId)}`,
    `    priority ${String(150 - 10 * index)}`,
    '    advert_int 1',
    '    virtual_ipaddress {',
    ...addresses.map((address) => `        ${address}`),
    '    }',
    '    track_script {',
    '        engine',
    '    }',
    '}',
    '',
  ].join('\n');
}
