import { ServiceError } from '#lambdas/platform/errors.ts';
import type { Settings } from '#lambdas/platform/settings.ts';
import type { Wait } from '#lambdas/platform/system.ts';
import { callLimiter } from '../call-limiter.ts';
import { callStats } from '../call-stats.ts';
import { classify, type UpstreamFailure } from '../failures.ts';
import type { FiStatusDocument, FiStatusDocuments, FiStatusQuery, UpstreamAnswer } from '../finpro.ts';
import { type TeachingPorts, teachBudget } from '../metered-call.ts';
import type { ClientPermit, ClientQuota } from '../permit.ts';

export interface AskPorts extends TeachingPorts {
  readonly documents: FiStatusDocuments;
  readonly clientQuota: ClientQuota;
  readonly statusCache: StatusCache;
  readonly wait: Wait;
  readonly settings: Pick<Settings, 'client'>;
}

/** The upstream says no more of a session that has come so far (`upstream.md`, eventStatus). */
const FINAL: ReadonlySet<unknown> = new Set([
  'DATA_READY',
  'TIMEOUT',
  'DATA_DENIED',
  'SESSION_FAILED',
  'SESSION_EXPIRED',
]);

/**
 * Asks the upstream for the status of an FI request, for a client (seeds, FI Request Status). A final answer to a look-up by session is kept for
 * a minute; anything else is asked each time and takes a token of the budget that batches leave.
 * @throws ServiceError the upstream's code and message as 400; `TooManyRequests` when no token is free soon; `UpstreamUnavailable` (502) and
 * `UpstreamTimeout` (504) when the upstream does not answer
 */
export async function askFiStatus(
  ports: AskPorts,
  organisationId: string,
  by: FiStatusQuery,
): Promise<FiStatusDocument> {
  const { statusCache, clock } = ports;
  const { sessionId } = by;
  const kept = sessionId === undefined ? null : await statusCache.find(organisationId, sessionId, clock.now());
  if (kept && answers(kept, by)) return kept;
  const answer = await ask(ports, organisationId, by);
  if (!answer.ok) throw refusal(answer, clock.now());
  const document = answer.value;
  if (sessionId !== undefined && FINAL.has(document.data['eventStatus']) && answers(document, by)) {
    await keep(ports, organisationId, sessionId, document);
  }
  return document;
}

/** An answer is not lost because it could not be kept. */
async function keep(
  { statusCache, clock, telemetry, settings }: AskPorts,
  organisationId: string,
  sessionId: string,
  document: FiStatusDocument,
): Promise<void> {
  try {
    await statusCache.keep(organisationId, sessionId, document, clock.now() + settings.client.statusCached);
  } catch (error) {
    telemetry.warn('a final status could not be kept', { organisationId, sessionId, error: String(error) });
  }
}

/** Whether a document is about all that it is looked up by; ids compare without case. */
const answers = ({ data }: FiStatusDocument, by: FiStatusQuery): boolean =>
  Object.entries(by).every(([name, id]) => String(data[name]).toLowerCase() === String(id).toLowerCase());

async function ask(
  ports: AskPorts,
  organisationId: string,
  by: FiStatusQuery,
): Promise<UpstreamAnswer<FiStatusDocument>> {
  const { reservation, halfOpen } = await permitToCall(ports, organisationId);
  const lessons: Promise<void>[] = [];
  const limiter = callLimiter({
    clock: ports.clock,
    reservation,
    halfOpen,
    callsEndAt: Number.POSITIVE_INFINITY,
    onOpen: (lesson) => lessons.push(teachBudget(ports, organisationId, reservation, lesson)),
  });
  const stats = callStats(ports.telemetry);
  const startedAt = ports.clock.now();
  const answer = await ports.documents.statusDocument(organisationId, by);
  const failure = answer.ok ? null : answer.failure;
  ports.telemetry.count('UpstreamCall');
  limiter.record(answer.rate, failure);
  stats.ended(ports.clock.now() - startedAt, failure);
  stats.report(limiter);
  if (limiter.circuit !== 'open') lessons.push(teachBudget(ports, organisationId, reservation, limiter.lesson()));
  await Promise.all(lessons);
  return answer;
}

/** Waits for leave as long as a client can be kept waiting. */
async function permitToCall(
  { clientQuota, clock, wait, settings }: AskPorts,
  organisationId: string,
): Promise<Extract<ClientPermit, { granted: true }>> {
  const giveUpAt = clock.now() + settings.client.patience;
  for (;;) {
    const leave = await clientQuota.take(organisationId, clock.now());
    if (leave.granted) return leave;
    const pause = Math.max(1, leave.until - clock.now());
    if (leave.because === 'circuit-open') throw unavailable('FinPro does not answer at present', pause);
    if (clock.now() + pause > giveUpAt) throw tooMany(pause);
    await wait(pause);
  }
}

/** What a client is told when the upstream has not given what it asked for. */
function refusal({ failure, rate }: Extract<UpstreamAnswer<unknown>, { ok: false }>, now: number): ServiceError {
  const verdict = classify(failure);
  if (verdict.kind === 'rate-limited') return tooMany(Math.max(1_000, (rate.resetAt ?? 0) - now));
  if (verdict.kind === 'unauthorized') return unavailable("FinPro refuses the organisation's credentials for it");
  // What has no code of FinPro's was said by something in between.
  if (failure.sent !== 'answered' || failure.status >= 500 || failure.code === null) return outage(failure);
  return new ServiceError('invalid', failure.code, failure.message);
}

function outage(failure: UpstreamFailure): ServiceError {
  const isLate =
    failure.sent === 'answered' ? [408, 504].includes(failure.status) : failure.sent === 'maybe' && failure.timedOut;
  return isLate
    ? new ServiceError('upstream-timeout', 'UpstreamTimeout', 'FinPro did not answer in time; ask again')
    : unavailable('FinPro could not answer');
}

const unavailable = (reason: string, retryAfter?: number): ServiceError =>
  new ServiceError('upstream-failed', 'UpstreamUnavailable', `${reason}; ask again later`, undefined, retryAfter);

const tooMany = (retryAfter: number): ServiceError =>
  new ServiceError(
    'too-many',
    'TooManyRequests',
    "The organisation's budget of FinPro calls is used up for now; repeat the request after Retry-After",
    undefined,
    retryAfter,
  );

/** Final answers to look-ups by session, for a while. */
export interface StatusCache {
  /** Null when none is kept at this time. */
  find(organisationId: string, sessionId: string, now: number): Promise<FiStatusDocument | null>;
  keep(organisationId: string, sessionId: string, document: FiStatusDocument, until: number): Promise<void>;
}
