import { firstRunPasses } from './firstRun';
import type { VrrpFile } from './hostFile';

/**
 * A node whose HAProxy does not run answers nobody at the balanced ports: the address goes to one whose
 * HAProxy does. One that died is started again by systemd at once, which is no failure.
 */
export const balancerCheckFile: VrrpFile = {
  path: '/etc/keepalived/swarm-balancer.sh',
  text: `#!/bin/sh
# Managed by the Pulumi package "swarm". Fails while HAProxy does not run.
${firstRunPasses('balancer')}
exec timeout 4 systemctl is-active --quiet haproxy.service
`,
  mode: 0o700,
};

export const balancerCheckBlock: readonly string[] = [
  'vrrp_script balancer {',
  `    script "${balancerCheckFile.path}"`,
  '    interval 1',
  '    timeout 5',
  '    fall 3',
  '    rise 1',
  '}',
  '',
];
