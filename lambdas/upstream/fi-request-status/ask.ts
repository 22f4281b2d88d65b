import { ServiceError } from '../../platform/errors.ts';
import type { Settings } from '../../platform/settings.ts';
import type { Clock, Wait } from '../../platform/system.ts';
import type { Telemetry } from '../../platform/telemetry.ts';
import { type Budget, budgetOf, type Granted } from '../budget.ts';
import { classify, rowError, type UpstreamFailure } from '../failures.ts';
import type { FinPro, FiStatusDocument, FiStatusQuery, UpstreamAnswer } from '../finpro.ts';
import type { LedgerStore } from '../ledger.ts';
import { meteredCalls } from '../metered-calls.ts';
import { contradicts, type Subject } from '../session.ts';
import type { StatusCache } from './status-cache.ts';

export interface AskPorts {
  readonly finPro: Pick<FinPro, 'prepare' | 'statusDocument'>;
  readonly ledgers: LedgerStore;
  readonly statusCache: StatusCache;
  readonly clock: Clock;
  readonly wait: Wait;
  readonly telemetry: Telemetry;
  readonly settings: Pick<Settings, 'client' | 'upstream' | 'clockSkew' | 'waitStep'>;
}

/** A session with one of these has ended; FinPro's answer won't change (docs/spec/fi-request-status.md). */
const FINAL: ReadonlySet<unknown> = new Set([
  'DATA_READY',
  'TIMEOUT',
  'DATA_DENIED',
  'SESSION_FAILED',
  'SESSION_EXPIRED',
]);

/**
 * Asks FinPro for the status of an FI request, for a client (docs/spec/fi-request-status.md). A final answer by session
 * is cached for a minute. Anything else is asked every time and takes a token that batches left free.
 * @throws ServiceError the upstream's code and message as 400; `TooManyRequests` when no token is free soon;
 * `UpstreamUnavailable` (502) and `UpstreamTimeout` (504) when the upstream doesn't answer, or not about what was asked
 */
export async function askFiStatus(
  ports: AskPorts,
  organisationId: string,
  query: FiStatusQuery,
): Promise<FiStatusDocument> {
  const { statusCache, clock, telemetry, settings } = ports;
  const { sessionId } = query;
  const cached = sessionId === undefined ? null : statusCache.find(organisationId, sessionId, clock.now());
  if (cached && answers(cached, query)) return cached;
  const answer = await ask(ports, organisationId, query);
  if (!answer.ok) throw refusal(answer, clock.now());
  const document = answer.value;
  if (contradicts(subjectOf(document), query)) {
    telemetry.count('UpstreamMismatch');
    throw unavailable('FinPro answered about another session');
  }
  if (sessionId !== undefined && FINAL.has(document.data['eventStatus']) && answers(document, query)) {
    statusCache.store(organisationId, sessionId, document, clock.now() + settings.client.statusCached);
  }
  return document;
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
const subjectOf = ({ data }: FiStatusDocument): Subject => ({
  sessionId: textOf(data['sessionId']),
  consentId: textOf(data['consentId']),
  consentHandle: textOf(data['consentHandle']),
});

/** Whether a document matches every identifier of the query. They compare without case. */
const answers = ({ data }: FiStatusDocument, query: FiStatusQuery): boolean =>
  Object.entries(query).every(([name, id]) => String(data[name]).toLowerCase() === String(id).toLowerCase());

async function ask(
  ports: AskPorts,
  organisationId: string,
  query: FiStatusQuery,
): Promise<UpstreamAnswer<FiStatusDocument>> {
  await ports.finPro.prepare(organisationId);
  const budget = budgetOf(ports.ledgers, ports.settings);
  const permit = await patientPermit(ports, budget, organisationId);
  const calls = meteredCalls(
    { ...ports, budget },
    organisationId,
    permit,
    Number.POSITIVE_INFINITY,
    ports.settings.clockSkew,
  );
  calls.tryAcquire();
  const answer = await calls.make('status', () => ports.finPro.statusDocument(organisationId, query));
  await calls.finish();
  return answer;
}

/** Waits for a permit, but no longer than a client can wait. */
async function patientPermit(
  { clock, wait, settings }: AskPorts,
  budget: Budget,
  organisationId: string,
): Promise<Granted> {
  const giveUpAt = clock.now() + settings.client.patience;
  for (;;) {
    const permit = await budget.acquireForClient(organisationId, clock.now());
    if (permit.granted) return permit;
    const pause = Math.max(1, permit.until - clock.now());
    if (permit.because === 'circuit-open') throw unavailable("FinPro isn't answering", pause);
    if (clock.now() + pause > giveUpAt) throw tooMany(pause);
    await wait(pause);
  }
}

/** What a client is told about a failed upstream call. */
function refusal({ failure, headers }: Extract<UpstreamAnswer<unknown>, { ok: false }>, now: number): ServiceError {
  const verdict = classify(failure);
  if (verdict.kind === 'rate-limited') return tooMany(Math.max(1_000, (headers.resetAt ?? 0) - now));
  if (verdict.kind === 'unauthorized') return unavailable("FinPro refuses the organisation's credentials");
  // Without a code the answer came from something between us and FinPro.
  if (failure.sent !== 'answered' || failure.status >= 500 || failure.code === null) return outage(failure);
  const { code, message } = rowError(failure.code, failure.message);
  return new ServiceError('invalid', code, message);
}

function outage(failure: UpstreamFailure): ServiceError {
  const isLate =
    failure.sent === 'answered' ? [408, 504].includes(failure.status) : failure.sent === 'maybe' && failure.timedOut;
  return isLate
    ? new ServiceError('upstream-timeout', 'UpstreamTimeout', "FinPro didn't answer in time; try again")
    : unavailable("FinPro couldn't answer");
}

const unavailable = (reason: string, retryAfter?: number): ServiceError =>
  new ServiceError('upstream-failed', 'UpstreamUnavailable', `${reason}; try again later`, undefined, retryAfter);

const tooMany = (retryAfter: number): ServiceError =>
  new ServiceError(
    'too-many',
    'TooManyRequests',
    "The organisation's budget of FinPro calls is used up; retry after Retry-After seconds",
    undefined,
    retryAfter,
  );
