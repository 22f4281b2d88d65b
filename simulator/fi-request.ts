import { type Answer, declined, invalidRequest, success, unprocessed, VERSION } from './answer.ts';
import type { CallBody } from './call-body.ts';
import { isGuid } from './guid.ts';
import { refusalOf } from './scenarios.ts';
import type { Simulation } from './simulation.ts';

const UTC_DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?Z$/;

/**
 * `POST /fi/request` (docs/spec/upstream.md, "Calls"): opens a session. Declines a malformed body (`InvalidRequest`), a
 * reversed range (`InvalidDateRange`), and what the consent's scenario refuses.
 */
export function answerFiRequest(simulation: Simulation, clientId: string, body: CallBody, now: number): Answer {
  const { consentId } = body;
  const known = isGuid(consentId);
  const settings = known ? simulation.consents.settings(consentId) : undefined;
  if (settings?.scenario === 'unavailable') {
    return unprocessed(503, 'ServiceUnavailable', 'The service is unavailable. Try again later.', now);
  }
  simulation.count('fiRequests');
  const from = readDate(body.fiDataRangeFrom);
  const to = readDate(body.fiDataRangeTo);
  const problems = [
    ...(known ? [] : [consentId === undefined ? 'consentId is required' : 'consentId must be a valid GUID']),
    ...(from === 'invalid' ? ['fiDataRangeFrom must be a valid ISO 8601 date in UTC'] : []),
    ...(to === 'invalid' ? ['fiDataRangeTo must be a valid ISO 8601 date in UTC'] : []),
  ];
  if (!known || settings === undefined) {
    return invalidRequest(problems, now);
  }
  const record = simulation.consents.record(consentId);
  record.fiRequests += 1;
  if (from === 'invalid' || to === 'invalid') {
    return invalidRequest(problems, now);
  }
  if (from !== null && to !== null && from.time > to.time) {
    return declined('InvalidDateRange', 'fiDataRangeFrom must not be after fiDataRangeTo.', now);
  }
  const refusal = refusalOf(settings.scenario, record.sessions.length > 0);
  if (refusal !== undefined) {
    return declined(refusal.errorCode, refusal.errorMsg, now);
  }
  const session = simulation.consents.open({
    consentId,
    clientId,
    createdAt: now,
    fiDataRangeFrom: from?.text ?? null,
    fiDataRangeTo: to?.text ?? null,
  });
  const data = { consentId, sessionId: session.sessionId };
  return success({ ver: VERSION, timestamp: new Date(now).toISOString(), response: 'ok', data });
}

type DateRead = { text: string; time: number } | null | 'invalid';

/** A date with its time in epoch milliseconds; null if none was sent. */
function readDate(value: unknown): DateRead {
  if (value === undefined) {
    return null;
  }
  if (typeof value !== 'string' || !UTC_DATE.test(value)) {
    return 'invalid';
  }
  const time = Date.parse(value);
  // Date.parse turns February 30 into March 1: a date that comes back differently doesn't exist.
  const exists = !Number.isNaN(time) && new Date(time).toISOString().startsWith(value.slice(0, 10));
  return exists ? { text: value, time } : 'invalid';
}
