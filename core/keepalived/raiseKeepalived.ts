import { requireNodeName } from './requireWords';

export const priorityLine = '# priority: ';
export const raisedLine = '# raised: takes over from ';
/** Above every declared priority (at most 200). Not 255: that is VRRP's address owner, who never waits. */
export const raisedPriority = 254;

/** The node that a raised file takes over from; undefined when it is not raised. */
export function parseRaisedFor(text: string): string | undefined {
  return new RegExp(`^${raisedLine}(.+)$`, 'm').exec(text)?.[1];
}

/**
 * A file of ours turned into its raised form (`raisedFor` given) or back into its ordinary one. Pure
 * text, so that a node's operation can raise a peer from the peer's own file, without knowing the
 * peer's declaration.
 */
export function withRaised(text: string, raisedFor: string | undefined): string {
  requireNodeName(raisedFor);
  const isRaised = raisedFor !== undefined;
  const declared = new RegExp(`^${priorityLine}(\\d+)$`, 'm').exec(text)?.[1] ?? '1';
  return text
    .split('\n')
    .filter((line) => !line.startsWith(raisedLine) && line.trim() !== 'nopreempt')
    .flatMap((line) => {
      if (line.startsWith(priorityLine) && isRaised) return [line, `${raisedLine}${raisedFor}`];
      if (line.trim() === 'state BACKUP' && !isRaised) return [line, '    nopreempt'];
      if (/^\s+priority \d+$/.test(line)) {
        return [`    priority ${isRaised ? String(raisedPriority) : declared}`];
      }
      return [line];
    })
    .join('\n');
}
