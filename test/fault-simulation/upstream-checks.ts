import type { FinProCall } from '../world/finpro.ts';
import { timeOf } from '../world/history.ts';
import { START } from '../world/start.ts';
import { askedFor, type Content, shown } from './content.ts';
import type { Outage } from './fault-mix.ts';
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
  for (const [number, { organisationId }] of plan.tenants.entries()) {
    const calls = finPro.calls.filter((call) => call.organisationId === organisationId);
    keepsLimit(simulated, organisationId, calls);
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

/**
 * No window has more calls than FinPro's limit. Where that is lower than the settings say, the headers tell: after the window in which the first
 * came, and the one in which calls under way arrive, it is known, unless what was learnt could not be stored.
 */
function keepsLimit(
  { finPro, settingsOf, strikes }: SimulatedWorld,
  organisationId: string,
  calls: readonly FinProCall[],
): void {
  if (!finPro.rateLimit) return;
  const { limit, window } = finPro.rateLimit;
  const windowOf = ({ at }: FinProCall): number => Math.floor(at / window);
  const over = [...Map.groupBy(calls, windowOf)].filter(([, within]) => within.length > limit);
  const isKnown = limit === settingsOf(0).upstream.limit;
  const heard = calls.find(({ failure }) => failure === null || failure.sent === 'answered');
  const learntBy = isKnown || !heard ? Number.NEGATIVE_INFINITY : windowOf(heard) + 1;
  const late = over.filter(([number]) => number > learntBy);
  const [first] = late;
  invariant(
    late.length <= (isKnown ? 0 : strikes.all),
    () =>
      `${organisationId} went over the limit of a window, ${late.length} times, first with ${first?.[1].length} calls of ${limit} from ${timeOf((first?.[0] ?? 0) * window).trim()} on`,
  );
}

/** While an upstream refuses or can't be reached, calls stop but for one that tries, once a minute; after a 429 until the window's end. */
function stopsCalling(
  { strikes, finPro }: SimulatedWorld,
  { kind, from, to }: Outage,
  organisationId: string,
  calls: readonly FinProCall[],
  rows: number,
): void {
  if (kind !== 'unauthorized' && kind !== 'unreachable' && kind !== 'too-many') return;
  const refused = calls.filter(
    ({ at, failure }) => at >= START + from && at < START + to && failure === OUTAGE_FAILURES[kind],
  );
  const every = kind === 'too-many' ? (finPro.rateLimit?.window ?? HALF_OPEN_EVERY) : HALF_OPEN_EVERY;
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
