import type { FinProCall } from '../world/finpro.ts';
import type { Sight } from './observer.ts';
import type { PlannedBatch } from './plan.ts';
import { isRequestOf } from './shared-consents.ts';
import { type Evidence, endOf } from './upstream-evidence.ts';
import { invariant } from './violation.ts';

/**
 * Adoption is told, and a session is adopted once, but for rows whose FI request FinPro refused because somebody else's
 * session was running: by the records and the upstream's own record alone. Consents and sessions belong to one organisation
 * each.
 */
export function checkAdoptions(
  sights: ReadonlyMap<PlannedBatch, Sight>,
  calls: readonly FinProCall[],
  evidenceFor: (batch: PlannedBatch, consentId: string) => Evidence,
): void {
  const openings = new Map(calls.flatMap((call) => (call.opened === null ? [] : [[call.opened, call] as const])));
  const found = new Set(
    calls.flatMap(({ kind, failure, told }) =>
      kind === 'status-by-consent' && failure === null && told ? [told.sessionId] : [],
    ),
  );
  const adopters = new Map<string, string>();
  for (const [batch, { data }] of sights) {
    for (const { id, consent_id, session_id, adopted } of data.records) {
      if (session_id === null) continue;
      const row = `row ${id} of ${batch.referenceId}`;
      const { failure, request } = openings.get(session_id) ?? { failure: null, request: null };
      const wasGiven = failure === null && request !== null && isRequestOf(batch, request);
      invariant(adopted || wasGiven, () => `${row} does not say that it has adopted ${session_id}`);
      if (!adopted) continue;
      invariant(found.has(session_id), () => `${row} says it has adopted ${session_id}, which no look-up has found`);
      if (evidenceFor(batch, consent_id).requests.some((call) => endOf(call) === 'running')) continue;
      const other = adopters.get(session_id);
      invariant(other === undefined, () => `${row} and ${other} have both adopted ${session_id}`);
      adopters.set(session_id, row);
    }
  }
}
