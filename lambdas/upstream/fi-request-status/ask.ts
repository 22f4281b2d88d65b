import { ServiceError } from '#lambdas/platform/errors.ts';
import type { Settings } from '#lambdas/platform/settings.ts';
import type { Wait } from '#lambdas/platform/system.ts';
import { callGate } from '../call-limiter.ts';
import { callTally } from '../call-stats.ts';
import { classify, type UpstreamFailure } from '../failures.ts';
import type { FiStatusDocument, StatusLookUp, StatusLookUps, UpstreamAnswer } from '../finpro.ts';
import { type TeachingPorts, teachBudget } from '../metered-call.ts';
import type { ClientLeave, ClientShare } from '../permit.ts';

export interface LookUpPorts extends TeachingPorts {
  readonly lookUps: StatusLookUps;
  readonly clientShare: ClientShare;
  readonly keptStatuses: KeptStatuses;
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
export async function lookUpStatus(
  ports: LookUpPorts,
  organisationId: string,
  by: StatusLookUp,
): Promise<FiStatusDocument> {
  const { keptStatuses, clock } = ports;
  const { sessionId } = by;
  const kept = sessionId === undefined ? null : await keptStatuses.find(organisationId, sessionId, clock.now());
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
  { keptStatuses, clock, journal, settings }: LookUpPorts,
  organisationId: string,
  sessionId: string,
  document: FiStatusDocument,
): Promise<void> {
  try {
    await keptStatuses.keep(organisationId, sessionId, document, clock.now() + settings.client.statusKept);
  } catch (error) {
    journal.note('a final status could not be kept', { organisationId, sessionId, error: String(error) });
  }
}

/** Whether a document is about all that it is looked up by; ids compare without case. */
const answers = ({ data }: FiStatusDocument, by: StatusLookUp): boolean =>
  Object.entries(by).every(([name, id]) => String(data[name]).toLowerCase() === String(id).toLowerCase());

async function ask(
  ports: LookUpPorts,
  organisationId: string,
  by: StatusLookUp,
): Promise<UpstreamAnswer<FiStatusDocument>> {
  const { reservation, trial } = await leaveToCall(ports, organisationId);
  const lessons: Promise<void>[] = [];
  const gate = callGate({
    clock: ports.clock,
    reservation,
    trial,
    callsEndAt: Number.POSITIVE_INFINITY,
    onOpen: (lesson) => lessons.push(teachBudget(ports, organisationId, reservation, lesson)),
  });
  const tally = callTally(ports.journal);
  const startedAt = ports.clock.now();
  const answer = await ports.lookUps.lookUp(organisationId, by);
  const failure = answer.ok ? null : answer.failure;
  ports.journal.count('UpstreamCall');
  gate.answered(answer.rate, failure);
  tally.ended(ports.clock.now() - startedAt, failure);
  tally.report(gate);
  if (gate.circuit !== 'open') lessons.push(teachBudget(ports, organisationId, reservation, gate.lesson()));
  await Promise.all(lessons);
  return answer;
}

/** Waits for leave as long as a client can be kept waiting. */
async function leaveToCall(
  { clientShare, clock, wait, settings }: LookUpPorts,
  organisationId: string,
): Promise<Extract<ClientLeave, { granted: true }>> {
  const giveUpAt = clock.now() + settings.client.patience;
  for (;;) {
    const leave = await clientShare.take(organisationId, clock.now());
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
export interface KeptStatuses {
  /** Null when none is kept at this time. */
  find(organisationId: string, sessionId: string, now: number): Promise<FiStatusDocument | null>;
  keep(organisationId: string, sessionId: string, document: FiStatusDocument, until: number): Promise<void>;
}
