import { X509Certificate } from 'node:crypto';
import { SwarmError, errorMessage } from '../../core/errors';
import type { NodeCertificate } from '../../core/facts';
import { parseCertificateSubject } from '../../core/parse/certificateSubject';
import type { Exec } from '../ssh/sshExec';

/** Public: the certificate alone, without its key. */
const path = '/var/lib/docker/swarm/certificates/swarm-node.crt';

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
  return certificate;
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
