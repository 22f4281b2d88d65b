import type { FinProCall } from '../world/finpro.ts';
import { timeOf } from '../world/history.ts';
import { type Evidence, endOf, saysNothing } from './upstream-evidence.ts';
import { invariant } from './violation.ts';

/** Two looks for a session are 30 s apart and the first is 30 s after the call, less the 2 s that workers' clocks may differ by. */
const APART = 27_900;
const MOST_ATTEMPTS = 4;

/**
 * Promise 2, by the upstream's record alone: one FI request per attempt that the upstream may have seen. After a request that opened a session, or
 * was refused, none follows for that row; after one whose answer was lost only two looks in vain.
 * Where other batches hold the consent, a row of theirs may have adopted the session that it opened; then it is looked for in vain.
 * @param evidence with the FI requests of this batch
 * @param rows how many rows of the batch hold the consent
 * @param isHeard whether every answer that was sent was heard
 * @param isGivenUp whether recovery ended one of them: what was on its way then is not looked for any more
 * @param isShared whether another batch holds it, too
 */
export function keepsRequestRules(
  consentId: string,
  evidence: Evidence,
  {
    rows,
    isGivenUp,
    isHeard,
    isShared,
  }: {
    readonly rows: number;
    readonly isGivenUp: boolean;
    readonly isHeard: boolean;
    readonly isShared: boolean;
  },
): void {
  const { requests, openings } = evidence;
  const shown = (): string => requests.map((call) => `${timeOf(call.at).trim()} ${endOf(call)}`).join(', ');
  invariant(
    openings.length <= rows || isShared,
    () => `${consentId}, in ${rows} rows, had ${openings.length} sessions opened: ${shown()}`,
  );
  const tried = requests.filter((call) => ['opened', 'lost', 'running'].includes(endOf(call)));
  invariant(
    tried.length <= rows * MOST_ATTEMPTS,
    () => `${consentId}, in ${rows} rows, had ${tried.length} FI requests that may have been seen: ${shown()}`,
  );
  if (isGivenUp) return;
  requests.forEach((call, index) => {
    const next = requests[index + 1];
    const end = endOf(call);
    if (!next || end === 'not-processed' || end === 'put-off') return;
    invariant(
      end !== 'opened' || rows > 1 || isShared,
      () => `${consentId} had a session and was requested again: ${shown()}`,
    );
    // What was answered may not have been heard, by a worker that died of it. Rows with one consent follow each other.
    if ((end === 'opened' && rows > 1) || (end === 'refused' && rows > 1)) return;
    const looks = evidence.probes.filter(({ at }) => at > call.at && at < next.at);
    invariant(
      end !== 'running' || rows > 1 || isShared || !isHeard || looks.every(({ told }) => told === null),
      () => `${consentId} had a running session, which was found, and was requested again: ${shown()}`,
    );
    invariant(
      wasLookedFor(call, looks),
      () => `${consentId} was ${end} and requested again, and no session had been looked for: ${shown()}`,
    );
  });
}

/** Looked for twice in vain, or found. */
function wasLookedFor({ at }: FinProCall, looks: readonly FinProCall[]): boolean {
  if (looks.some(({ told }) => told !== null)) return true;
  const inVain = looks.filter((look) => saysNothing(look) && look.at >= at + APART);
  const [first] = inVain;
  return first !== undefined && inVain.some((look) => look.at >= first.at + APART);
}
