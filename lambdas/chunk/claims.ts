import { NOT_CONFIRMED, type RowReport } from './calls.ts';
import type { ChunkState } from './chunk.ts';
import type { ChunkStore } from './store.ts';

/**
 * Claims the sessions that rows with a lost answer have found. FinPro answers a look-up with a consent's latest session,
 * whoever began it, so rows of two batches may find the same one; the first to claim it has it. For the other the look was
 * in vain (docs/decisions/0020-adoption-is-told.md). Claims are written before the sessions are stored; nothing is where
 * none was found. Who joins a running session knows that it is somebody else's, and leaves it to them.
 */
export async function claimFound(
  chunks: Pick<ChunkStore, 'claimSession'>,
  { key, rows }: ChunkState,
  reports: readonly RowReport[],
): Promise<RowReport[]> {
  const claimed: RowReport[] = [];
  for (const report of reports) {
    const { row, at, event, sessionId } = report;
    const isFound = event.kind === 'adopted' && rows[row]?.phase !== 'joining';
    const isHeldElsewhere = isFound && sessionId !== undefined && !(await chunks.claimSession(key, row, sessionId));
    claimed.push(isHeldElsewhere ? { row, at, event: { kind: 'no-session' }, error: NOT_CONFIRMED } : report);
  }
  return claimed;
}
