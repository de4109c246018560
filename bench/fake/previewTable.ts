import { spreadOf } from '../../scenarios/failover/summary';
import type { PreviewTimes } from './measurePreview';

/** Within this times the same program on an empty provider: what we ask of ourselves. */
const bound = 1.1;

/** Least, middle and greatest of each, and the ratio of the middles. */
export function renderPreviewTable(times: readonly PreviewTimes[]): string {
  const rows = times.map(({ nodes, resources, case: each, swarmMs, emptyMs }) => {
    const ratio = spreadOf(swarmMs).medianMs / spreadOf(emptyMs).medianMs;
    return [
      String(nodes),
      String(resources),
      each,
      shown(swarmMs),
      shown(emptyMs),
      `${ratio.toFixed(2)}${ratio > bound ? ` (over ${String(bound)})` : ''}`,
    ];
  });
  const head = ['nodes', 'resources', 'change', 'this provider, s', 'empty provider, s', 'ratio'];
  return alignedTable(head, rows);
}

/** Columns under their titles, for a terminal. */
export function alignedTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  return [head, ...rows]
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function shown(figures: readonly number[]): string {
  const { minMs, medianMs, maxMs } = spreadOf(figures);
  return [minMs, medianMs, maxMs].map((ms) => (ms / 1000).toFixed(2)).join(' / ');
}
