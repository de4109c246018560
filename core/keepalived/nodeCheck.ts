import { firstRunPasses } from './firstRun';
import type { VrrpFile } from './hostFile';
import { ownPatience } from './ownPatience';

/**
 * Fails only when somebody says so: the engine of itself (in no swarm, in error, locked), or the managers of
 * the node (down). A swarm without a leader answers nobody, and must not cost its clients the address as
 * well; a node that is unknown for a moment, after a change of leader, is not down.
 */
export const nodeCheckFile: VrrpFile = {
  path: '/etc/keepalived/swarm-node.sh',
  text: `#!/bin/sh
# Managed by the Pulumi package "swarm". Fails when the node is no working member of its swarm.
${firstRunPasses('node')}
docker() { timeout 5 /usr/bin/env docker --host unix:///var/run/docker.sock "$@" 2> /dev/null; }
own=$(docker info --format '{{.Swarm.LocalNodeState}}') || exit 0
case $own in inactive | error | locked) exit 1 ;; esac
listed=$(docker node inspect --format '{{.Status.State}}' self) || exit 0
case $listed in down | disconnected) exit 1 ;; esac
`,
  mode: 0o700,
};

export const nodeCheckBlock: readonly string[] = [
  'vrrp_script node {',
  `    script "${nodeCheckFile.path}"`,
  '    interval 10',
  ownPatience,
  '    fall 2',
  '    rise 1',
  '}',
  '',
];
