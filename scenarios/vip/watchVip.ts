import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { startClient } from '../../demo/clientProcess';
import { gapsOver, type ClientGap } from '../../demo/report/clientGaps';
import { parseClientCsv, summarizeClient } from '../../demo/report/clientRows';
import type { ClientRow, ClientSummary } from '../../demo/report/clientRows';
import { gapBoundMs } from '../../demo/report/clientSentence';
import { addressMoves, type AddressMove } from '../../demo/report/servedBy';
import { holdConnection, type ConnectionCut } from './longConnection';

/** What clients outside all machines saw of a virtual IP. */
export interface VipSight {
  readonly client: ClientSummary;
  readonly rows: readonly ClientRow[];
  /** Over 100 ms, the client's own stalls included. */
  readonly gaps: readonly ClientGap[];
  readonly moves: readonly AddressMove[];
  /** Of one long connection; undefined when none was asked for. */
  readonly cuts?: readonly ConnectionCut[];
  /** Highest load average over one minute of this computer meanwhile. */
  readonly load: number;
}

export interface WatchedVip {
  readonly url: string;
  /** The client's raw file. */
  readonly out: string;
  /** Where a service echoes, for a long connection beside the short ones. */
  readonly echo?: { readonly address: string; readonly port: number };
}

export interface VipWatch {
  stop(): Promise<VipSight>;
}

export function watchVip({ url, out, echo }: WatchedVip): VipWatch {
  const client = startClient(url, out);
  const connection = echo === undefined ? undefined : holdConnection(echo.address, echo.port);
  let load = loadavg()[0] ?? 0;
  const timer = setInterval(() => {
    load = Math.max(load, loadavg()[0] ?? 0);
  }, 1000);
  return {
    stop: async () => {
      clearInterval(timer);
      const cuts = connection?.stop();
      await client.stop();
      const rows = parseClientCsv(await readFile(out, 'utf8'));
      return {
        client: summarizeClient(rows),
        rows,
        gaps: gapsOver(rows, gapBoundMs),
        moves: addressMoves(rows),
        ...(cuts === undefined ? {} : { cuts }),
        load,
      };
    },
  };
}
