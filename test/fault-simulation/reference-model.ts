import type { Settings } from '#lambdas/platform/settings.ts';
import type { ConsentScript } from './consent-scripts.ts';
import type { StatusRecord } from './status-answer.ts';
import { type Evidence, endOf, saysNothing } from './upstream-evidence.ts';

/** A row as it ended, and what the model needs to know of it. */
export interface EndedRow {
  readonly record: StatusRecord;
  readonly script: ConsentScript | null;
  /** With the FI requests of its batch. */
  readonly evidence: Evidence;
  /** How many rows of all batches hold the same consent. */
  readonly twins: number;
  /** Whether a session of the consent may be another batch's, or the client's own. */
  readonly isContested: boolean;
  readonly acceptedAt: number;
  /** When it was first seen terminal, epoch milliseconds. */
  readonly endedAt: number;
  /** Whether anything in this history can make a chunk stand still, or its batch late. */
  readonly canStall: boolean;
  readonly canBeLate: boolean;
  readonly settings: Settings;
}

/** Stalls of 2, 4, 8 and 16 minutes come before a chunk is given up. */
const STALLED = 30 * 60_000;
const MOST_ATTEMPTS = 4;
const LAST_POLLS = 10;
/** From the intent to the arrival of its call: the function's time. And what clocks and ticks may differ by. */
const INTENT_TO_CALL = 60_000;
const TOLERANCE = 8_000;

/**
 * Which ends a row may have, by its consent's script and the upstream's own record: what FinPro was asked, and what it said. Written without a
 * look at the product's rules for rows: each end needs its reason in what the upstream has said, and each reason allows one end.
 * @returns what is wrong, or null
 */
export function faultOf(row: EndedRow): string | null {
  const { record, script, evidence } = row;
  if (!script) return faultOfInvalid(row);
  if (record.status !== 'COMPLETED' && record.status !== 'FAILED') return 'it has not ended';
  const own = record.session_id;
  const opened = sessionsOf(evidence);
  if (own !== null && !opened.has(own)) return `its session ${own} is none of its consent's`;
  if (record.error?.code === 'ProcessingFailed') return faultOfGivenUp(row);
  const told = evidence.told.filter((call) => call.told?.sessionId === own);
  const said = (...statuses: readonly string[]) =>
    told.some((call) => call.told !== null && statuses.includes(call.told.eventStatus));

  if (record.status === 'COMPLETED') {
    if (script.end.kind !== 'delivered') return `its script is ${script.name}`;
    return said('DATA_READY', 'TIMEOUT') ? null : 'FinPro never said that its data are there';
  }
  const eligibility = record.retry_eligible;
  if (own !== null) {
    if (wasUnansweredAtDeadline(row) && eligibility === 'Yes') return null;
    if (script.end.kind === 'delivered') {
      const hasEnded = wasPendingAtDeadline(row);
      return hasEnded && eligibility === 'Yes'
        ? null
        : `its script is ${script.name}, and it was not pending at the deadline`;
    }
    if (!script.end.hasSession) return `its script is ${script.name}, which opens no session`;
    if (eligibility !== script.end.eligibility) return `its script is ${script.name}, ${script.end.eligibility}`;
    if (script.name === 'never') return wasPendingAtDeadline(row) ? null : 'its deadline had not come';
    return said('TIMEOUT', 'DATA_DENIED', 'DATA_READY', 'SESSION_FAILED', 'SESSION_EXPIRED') ||
      wasPendingAtDeadline(row)
      ? null
      : 'FinPro never said so';
  }
  return faultOfUnsent(row);
}

/** A row that failed without a session: it was refused, or its attempts are used up. */
function faultOfUnsent({ record, script, evidence, twins }: EndedRow): string | null {
  const refused = evidence.requests.filter((call) => endOf(call) === 'refused');
  const scripted = [script?.end, script?.again].flatMap((end) =>
    end?.kind === 'failed' && !end.hasSession ? [end] : [],
  );
  const isScripted = scripted.some(({ eligibility }) => eligibility === record.retry_eligible);
  if (refused.length > 0 && isScripted) return null;
  if (record.retry_eligible !== 'Yes') return `nothing that FinPro said makes it ${record.retry_eligible}`;
  if (twins === 1 && evidence.openings.length > 0) return 'FinPro opened a session for it';
  const unprocessed = evidence.requests.filter((call) => endOf(call) === 'not-processed').length;
  const inVain = evidence.probes.filter(saysNothing).length;
  return unprocessed + Math.floor(inVain / 2) >= MOST_ATTEMPTS
    ? null
    : `it was given up after ${unprocessed} unprocessed FI requests and ${inVain} looks for its session`;
}

function faultOfInvalid({ record, evidence }: EndedRow): string | null {
  const isRight = record.status === 'FAILED' && record.retry_eligible === 'YesWithModifications' && !record.session_id;
  if (!isRight) return 'a row that is not valid is FAILED, YesWithModifications';
  return evidence.requests.length > 0 ? 'a row that is not valid was sent' : null;
}

function faultOfGivenUp({ record, acceptedAt, endedAt, canStall, canBeLate, settings }: EndedRow): string | null {
  if (record.retry_eligible !== 'Yes') return 'a row that is given up is Yes';
  const isLate = canBeLate && endedAt >= acceptedAt + settings.batchDeadline - TOLERANCE;
  const hasStalled = canStall && endedAt >= acceptedAt + STALLED - TOLERANCE;
  return isLate || hasStalled ? null : 'it was given up before its batch was late, and without standing still';
}

/** Sessions of the consent, whoever opened them, and when they were heard of first. */
function sessionsOf({ openings, told }: Evidence): Map<string, number> {
  const all = [...openings, ...told].toSorted((a, b) => a.at - b.at);
  const known = new Map<string, number>();
  for (const { opened, told: status, at } of all) {
    const session = opened ?? status?.sessionId;
    if (session !== undefined && !known.has(session)) known.set(session, at);
  }
  return known;
}

/** When the polling of the row's session may end, at the earliest. */
function deadlineOf({ record, evidence, acceptedAt, isContested, settings }: EndedRow): number {
  const heardAt = sessionsOf(evidence).get(record.session_id ?? '') ?? Number.POSITIVE_INFINITY;
  // The row's time runs from its intent, which may be older than somebody else's session, and whose call may not have left.
  const openedAt = record.adopted && isContested ? acceptedAt : heardAt;
  return openedAt + settings.poll.deadline - INTENT_TO_CALL - TOLERANCE;
}

/** Whether FinPro did not answer the last polls of the row's session. */
function wasUnansweredAtDeadline(row: EndedRow): boolean {
  const deadline = deadlineOf(row);
  return row.evidence.unanswered.filter(({ at }) => at >= deadline).length >= LAST_POLLS;
}

/** Whether FinPro said "pending", or what no rule knows, at the end of the polling of the row's session. */
function wasPendingAtDeadline(row: EndedRow): boolean {
  const { record, evidence } = row;
  const deadline = deadlineOf(row);
  if (evidence.doubts.some(({ at }) => at >= deadline)) return true;
  return evidence.told.some(
    ({ at, told }) => told?.sessionId === record.session_id && told?.eventStatus === 'PENDING' && at >= deadline,
  );
}
