import { type ChunkState, isFinished } from '#lambdas/chunk/chunk.ts';
import type { Phase } from '#lambdas/chunk/row.ts';

/** What rows of each phase wait for. */
const WAITS: Readonly<Partial<Record<Phase, string>>> = {
  ready: 'to be sent',
  requesting: 'of a dead worker, looked up',
  reconciling: 'whose answer was lost, looked up',
  joining: 'that are being fetched already, looked up',
  polling: 'without data yet, next look',
  fetchingBalances: 'without balances yet, next look',
};

/**
 * What a batch does next, or what it waits for, in one line; empty once it is finished. So nobody has to guess whether it hangs.
 * @param circuitOpenUntil when FinPro is tried again, while it is not called
 */
export function nextStepOf(states: readonly ChunkState[], circuitOpenUntil: number | null, now: number): string {
  const open = states.filter((state) => !isFinished(state));
  if (open.length === 0) return '';
  if (circuitOpenUntil !== null) return `FinPro cannot be called; tried again ${momentOf(circuitOpenUntil, now)}`;
  if (open.some(({ leasedUntil }) => leasedUntil !== null && leasedUntil > now)) return 'calling FinPro';
  const next = open.reduce((first, state) => (state.dueAt < first.dueAt ? state : first));
  if (next.reservation !== null && next.dueAt > now) {
    return `the next of FinPro's rate windows begins ${momentOf(next.dueAt, now)}`;
  }
  const phases = new Map<string, number>();
  for (const { phase } of open.flatMap(({ rows }) => rows)) {
    const wait = WAITS[phase];
    if (wait !== undefined) phases.set(wait, (phases.get(wait) ?? 0) + 1);
  }
  const [[wait, rows] = ['', 0]] = [...phases].toSorted(([, one], [, other]) => other - one);
  return `${rows} ${rows === 1 ? 'row' : 'rows'} ${wait} ${momentOf(next.dueAt, now)}`;
}

const momentOf = (at: number, now: number): string =>
  at <= now ? 'now' : `at ${new Date(at).toTimeString().slice(0, 8)}`;
