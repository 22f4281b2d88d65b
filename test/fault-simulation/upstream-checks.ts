import type { FinProCall } from '../world/finpro.ts';
import { timeOf } from '../world/history.ts';
import { START } from '../world/start.ts';
import { askedFor, type Content, shown } from './content.ts';
import type { Family, FaultMix, Outage } from './fault-mix.ts';
import type { RateWindowsPlan } from './rate-windows.ts';
import { OUTAGE_FAILURES } from './upstream.ts';
import { invariant } from './violation.ts';
import type { SimulatedWorld } from './wiring.ts';

/** Calls that may be on their way for a row when the first of them is answered: a poll, and the balance after it. */
const CALLS_PER_ROW = 2;
/** Failed connections in a row that open the circuit (docs/decisions/0005-when-the-circuit-opens.md). */
const FAILURES = 5;
const HALF_OPEN_EVERY = 60_000;

/** Each FI request that arrived asks for what some row of its consent asks for (docs/spec/upstream.md, "FI Request"). */
export function asksForWhatWasAsked(consentId: string, calls: readonly FinProCall[], rows: ReadonlySet<string>): void {
  for (const { at, request } of calls) {
    if (!request) continue;
    const asked = shown(request);
    invariant(
      rows.has(asked),
      () => `${consentId} was requested with ${asked}, not with ${[...rows].join(' or ')}, at ${timeOf(at).trim()}`,
    );
  }
}

/** By consent, in lower case: what the FI requests of its rows ask for. */
export function askedByConsent(contents: Iterable<Content>): Map<string, Set<string>> {
  const asked = new Map<string, Set<string>>();
  for (const content of contents) {
    for (const row of content.rows) {
      const key = row.consentId.toLowerCase();
      asked.set(key, (asked.get(key) ?? new Set()).add(askedFor(row, content)));
    }
  }
  return asked;
}

/** What workers' clocks may differ by, and their calls' times on the way. */
const TOLERANCE = 2_100;

/** Promise 5: the wait before a session's first poll is a minimum. Later ones may come early, at the deadline. */
function pollsInTime({ finPro, settingsOf, mix }: SimulatedWorld): void {
  const waits = Array.from({ length: mix.deploys.length + 1 }, (_, version) => settingsOf(version).poll.first);
  const least = Math.min(...waits) - TOLERANCE;
  const openedAt = new Map(
    finPro.calls.flatMap(({ opened, failure, at }) =>
      opened !== null && failure === null ? [[opened, at] as const] : [],
    ),
  );
  for (const { kind, told, at } of finPro.calls) {
    const since = at - (openedAt.get(told?.sessionId ?? '') ?? Number.NEGATIVE_INFINITY);
    invariant(
      kind !== 'status-by-session' || since >= least,
      () => `session ${told?.sessionId} was polled ${since / 1000} s after its FI request`,
    );
  }
}

/** Promises 4 and 5, and what follows from an upstream that refuses: by its own record of the calls of each organisation. */
export function keepsUpstreamRules(simulated: SimulatedWorld): void {
  const { plan, finPro, mix } = simulated;
  pollsInTime(simulated);
  keepsLimit(simulated);
  for (const [number, { organisationId }] of plan.tenants.entries()) {
    const calls = finPro.calls.filter((call) => call.organisationId === organisationId);
    const rows = plan.batches
      .filter(({ tenant }) => tenant.organisationId === organisationId)
      .reduce((sum, { attempts }) => sum + Math.max(...attempts.map((attempt) => attempt.rows.length)), 0);
    for (const outage of mix.outages) {
      if (outage.organisation === null || outage.organisation === number) {
        stopsCalling(simulated, outage, organisationId, calls, rows);
      }
    }
  }
}

/** Families under which what the upstream said can be lost. */
const FORGETFUL: readonly Family[] = ['death', 'failure', 'hang', 'certain', 'upstream', 'outage'];

/** Whether an answer that was sent may never have been heard. */
const canForget = ({ families }: FaultMix): boolean => families.some((family) => FORGETFUL.includes(family));

/**
 * No window has more calls than its limit, but for the first two where nothing is known of them yet. Calls of the
 * organisation itself come as they like.
 */
function keepsLimit({ finPro, mix, rateWindows: { isExpected, ownCalls } }: SimulatedWorld): void {
  const canBeUnknown = !isExpected && canForget(mix);
  if (ownCalls > 0 || canBeUnknown) return;
  const over = finPro.overLimit.filter(({ number }) => isExpected || number > 2);
  invariant(over.length === 0, () => `${over.length} windows went over the limit, the first at ${over[0]?.at}`);
}

/** Windows may be learnt to be shorter than they are where each endpoint has its own; those of half a minute are the shortest that the settings name. */
const shortestWindow = ({ rateLimit }: RateWindowsPlan): number => Math.min(rateLimit.windowSeconds, 30) * 1000;

/** While an upstream refuses or can't be reached, calls stop but for one that tries, once a minute; after a 429 until the window's end. */
function stopsCalling(
  { strikes, rateWindows }: SimulatedWorld,
  { kind, from, to }: Outage,
  organisationId: string,
  calls: readonly FinProCall[],
  rows: number,
): void {
  if (kind !== 'unauthorized' && kind !== 'unreachable' && kind !== 'too-many') return;
  const refused = calls.filter(
    ({ at, failure }) => at >= START + from && at < START + to && failure === OUTAGE_FAILURES[kind],
  );
  const every = kind === 'too-many' ? shortestWindow(rateWindows) : HALF_OPEN_EVERY;
  const times = Math.ceil((to - from) / every) + 1;
  const onTheirWay = rows * CALLS_PER_ROW;
  // Each lost write of what was learnt costs another look by everybody.
  const most = (kind === 'too-many' ? times * onTheirWay : times + onTheirWay + FAILURES) + strikes.all * onTheirWay;
  invariant(
    refused.length <= most,
    () =>
      `${organisationId} made ${refused.length} calls in ${(to - from) / 1000} s that were all ${kind}, at most ${most}`,
  );
}
