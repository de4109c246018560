import type { ScaleFigures } from './measureScale';
import { alignedTable } from './previewTable';

/** The provider stays under this: what we ask of ourselves. */
const memoryBoundMib = 300;

/** A row for each size of cluster; what grows with the nodes is shown per node. */
export function renderScaleTable(figures: readonly ScaleFigures[]): string {
  const head = [
    'nodes',
    'batches',
    'roll, world’s s',
    's per manager or batch',
    'wall, s',
    'empty provider, s',
    'memory, MiB',
    'world in it, MiB',
    'requests per node',
    'entries per node',
    'requests at once',
  ];
  const rows = figures.map((each) => {
    const nodes = 7 + each.workers;
    const isOver = each.peakMib > memoryBoundMib;
    return [
      String(nodes),
      String(each.batches),
      each.worldSeconds.toFixed(0),
      (each.worldSeconds / (7 + each.batches)).toFixed(1),
      each.wallSeconds.toFixed(0),
      each.emptySeconds.toFixed(0),
      `${each.peakMib.toFixed(0)}${isOver ? ` (over ${String(memoryBoundMib)})` : ''}`,
      each.worldMib.toFixed(1),
      (each.usage.requests / nodes).toFixed(0),
      (each.usage.entries / nodes).toFixed(0),
      String(each.usage.mostAtOnce),
    ];
  });
  return alignedTable(head, rows);
}
