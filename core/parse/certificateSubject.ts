import type { NodeCertificate } from '../facts';

/** What the certificate itself says. */
export type CertificateSubject = Omit<NodeCertificate, 'isKeyEncrypted'>;

const roles: Readonly<Record<string, NodeCertificate['role']>> = {
  'swarm-manager': 'manager',
  'swarm-worker': 'worker',
};

/**
 * Whose a node's certificate is, from its subject as Node prints it: one `KEY=value` a line, with the
 * cluster ID as O, the node ID as CN and the role as OU. `undefined` for any other subject.
 */
export function parseCertificateSubject(subject: string): CertificateSubject | undefined {
  const fields = new Map<string, string>();
  for (const line of subject.split('\n')) {
    const at = line.indexOf('=');
    const key = line.slice(0, Math.max(at, 0));
    // Twice the same field: which of them is meant would be a guess.
    if (key === '' || fields.has(key)) return undefined;
    fields.set(key, line.slice(at + 1));
  }
  const clusterId = fields.get('O') ?? '';
  const nodeId = fields.get('CN') ?? '';
  const unit = fields.get('OU') ?? '';
  const role = Object.hasOwn(roles, unit) ? roles[unit] : undefined;
  if (!isId(clusterId) || !isId(nodeId) || role === undefined) return undefined;
  return { clusterId, nodeId, role };
}

/** Swarm's IDs: letters and digits, 25 of them. */
function isId(text: string): boolean {
  return /^[0-9a-z]{20,30}$/.test(text);
}
