import { X509Certificate } from 'node:crypto';
import { SwarmError, errorMessage } from '../../core/errors';
import type { NodeCertificate } from '../../core/facts';
import { parseCertificateSubject } from '../../core/parse/certificateSubject';
import type { Exec } from '../ssh/sshExec';

/** Public: the certificate alone, without its key. */
const path = '/var/lib/docker/swarm/certificates/swarm-node.crt';

/** Its key is only searched for the word that says how it is kept; it never leaves the host. */
const keyPath = '/var/lib/docker/swarm/certificates/swarm-node.key';

/** What the node's own certificate says of it. @throws SwarmError `NodeCertificateUnreadable`. */
export async function readNodeCertificate(
  subject: string,
  exec: Exec,
): Promise<NodeCertificate | undefined> {
  const result = await exec(['cat', '--', path], { timeoutSeconds: 30 });
  if (result.code !== 0) {
    if (result.stderr.includes('No such file or directory')) return undefined;
    throw unreadable(subject, result.stderr.trim());
  }
  const certificate = parseCertificateSubject(subjectOf(subject, result.stdout));
  if (certificate === undefined) throw unreadable(subject, 'its subject is not that of a node');
  const encrypted = await exec(['grep', '-c', '-F', '--', 'ENCRYPTED', keyPath], {
    timeoutSeconds: 30,
  });
  if (encrypted.code > 1) throw unreadable(subject, encrypted.stderr.trim());
  return { ...certificate, isKeyEncrypted: encrypted.code === 0 };
}

function subjectOf(subject: string, pem: string): string {
  try {
    return new X509Certificate(pem).subject;
  } catch (error) {
    throw unreadable(subject, errorMessage(error));
  }
}

function unreadable(subject: string, why: string): SwarmError {
  return new SwarmError(
    'NodeCertificateUnreadable',
    `${subject}: ${path} cannot be read (${why}); which swarm the node belongs to is not known; look at the disk of the host`,
    { source: 'world' },
  );
}
