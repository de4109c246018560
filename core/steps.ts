/**
 * The sentences of every step that changes something, in the order of a manager's replacement: what
 * the user sees as live status, what the journal and the report hold, and what fault scenarios kill at.
 */
export const steps = {
  gate: (node: string) => `wait at the gate before ${node}`,
  handOverVip: (node: string, peer: string) => `hand the virtual IP over from ${node} to ${peer}`,
  stopVip: (node: string) => `stop keepalived on ${node}`,
  settleVip: (peer: string) => `give ${peer} its ordinary priority back`,
  standIn: (node: string, manager: string) => `${node} stands in for ${manager}`,
  drain: (node: string) => `drain ${node}`,
  demote: (node: string) => `demote ${node}`,
  leave: (node: string) => `${node} leaves the swarm`,
  remove: (node: string) => `remove the entry of ${node}`,
  stopEngine: (node: string) => `stop the engine of ${node}`,
  powerOff: (node: string) => `power off and remove machine ${node}`,
  powerOn: (node: string, os: string) => `build and boot machine ${node} with ${os}`,
  installEngine: (node: string) => `install the engine on ${node}`,
  startEngine: (node: string) => `start the engine of ${node}`,
  loadImages: (node: string) => `load images on ${node}`,
  checkEngine: (node: string) => `start a container on ${node}`,
  checkPeers: (node: string) => `check ports and clocks between ${node} and the managers`,
  join: (node: string, role: string) => `join ${node} as ${role}, drained`,
  ready: (node: string) => `wait until ${node} is ready`,
  activate: (node: string, availability: string) => `set ${node} ${availability}`,
  services: (node: string) => `wait until services are as before ${node} went`,
  dismiss: (node: string, manager: string) => `demote ${node}, which stood in for ${manager}`,
  installVip: (node: string) => `install keepalived on ${node}`,
  startVip: (node: string) => `start keepalived on ${node}`,
  promote: (node: string) => `promote ${node}`,
  label: (node: string) => `label ${node}`,
  found: (node: string) => `found the swarm on ${node}`,
  evict: (node: string) => `evict ${node}, which is unreachable and no longer declared`,
} as const satisfies Record<string, (...names: string[]) => string>;
