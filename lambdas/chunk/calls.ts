import pMap from 'p-map';
import type { Telemetry } from '../platform/telemetry.ts';
import { type AccountDetails, accountDetails, withBalances } from '../upstream/accounts.ts';
import type { CallLimiter } from '../upstream/call-limiter.ts';
import type { CallStats } from '../upstream/call-stats.ts';
import { classify, type RowError, rowError, type Verdict } from '../upstream/failures.ts';
import type { FinPro, UpstreamAnswer } from '../upstream/finpro.ts';
import { type FiStatus, isOurSession, outcomeOf } from '../upstream/session.ts';
import { type ChunkInput, effectiveRow } from './content.ts';
import type { DuplicateConsents } from './duplicates.ts';
import type { Action } from './plan.ts';
import type { Row } from './row.ts';
import { type RowEvent, type TransitionContext, transition } from './transitions.ts';

/** Calls under way at once in one advance of a chunk. */
const CONCURRENCY = 25;

export interface CallContext {
  readonly finPro: FinPro;
  readonly telemetry: Telemetry;
  readonly limiter: CallLimiter;
  readonly stats: CallStats;
  readonly duplicates: DuplicateConsents;
  readonly organisationId: string;
  readonly input: ChunkInput;
  readonly sessions: ReadonlyMap<number, string>;
  /** Accounts of rows whose balances were put off in an earlier advance. */
  readonly accounts: ReadonlyMap<number, readonly AccountDetails[]>;
  readonly tight: boolean;
  /** Time may pass between calls: the moment is taken anew for each answer. */
  readonly moment: () => TransitionContext;
}

/** What the calls of one advance have changed, by row of the chunk. */
export interface CallResults {
  readonly rows: Row[];
  readonly sessions: Map<number, string>;
  readonly errors: Map<number, RowError>;
  readonly accounts: Map<number, readonly AccountDetails[]>;
}

const NOT_CONFIRMED = rowError(
  'UpstreamTimeout',
  'The answer to the FI request was lost and no session of it was found; try again later.',
);
const NOT_IN_TIME = rowError(
  'DataFetchTimeout',
  'The data was not ready before the polling deadline; try again later.',
);

/**
 * Makes the calls of a plan, 25 at a time, as far as the limiter lets them start, and applies what each shows to its row. Never throws for what the upstream does.
 */
export async function makeCalls(
  context: CallContext,
  rows: readonly Row[],
  actions: readonly Action[],
): Promise<CallResults> {
  const results: CallResults = { rows: [...rows], sessions: new Map(), errors: new Map(), accounts: new Map() };
  const caller = rowCaller(context, results);
  const make = async ({ row, kind }: Action): Promise<void> => {
    if (context.limiter.tryAcquire()) await caller[kind](row);
    else if (kind === 'request') caller.notSent(row);
  };
  await pMap(actions, make, { concurrency: CONCURRENCY });
  return results;
}

type RowCaller = Record<Action['kind'], (row: number) => Promise<void>> & { notSent(row: number): void };

function rowCaller(context: CallContext, results: CallResults): RowCaller {
  const { finPro, limiter, telemetry, organisationId, input } = context;
  const { settings } = context.moment();

  const apply = (row: number, event: RowEvent, error?: RowError): void => {
    const before = results.rows[row];
    if (!before) throw new RangeError(`the chunk has no row ${row}`);
    const after = transition(before, event, context.moment());
    results.rows[row] = after;
    if (after.phase === 'failed' && error) results.errors.set(row, error);
  };

  const called = async <T>(call: Promise<UpstreamAnswer<T>>): Promise<UpstreamAnswer<T>> => {
    const startedAt = context.moment().now;
    const answer = await call;
    const failure = answer.ok ? null : answer.failure;
    limiter.record(answer.rate, failure);
    context.stats.ended(context.moment().now - startedAt, failure);
    return answer;
  };

  const consentOf = (row: number): string => {
    const consentId = input.rows[row]?.consentId;
    if (consentId === undefined) throw new RangeError(`the chunk has no row ${row}`);
    return consentId;
  };

  const sessionOf = (row: number): string => {
    const sessionId = context.sessions.get(row) ?? results.sessions.get(row);
    if (sessionId === undefined) throw new RangeError(`row ${row} is polled without a session`);
    return sessionId;
  };

  /** A row that failed for a lasting reason; false for all that can pass. */
  const refuse = (row: number, verdict: Verdict): boolean => {
    if (verdict.kind !== 'final') return false;
    if (!verdict.classified) telemetry.count('UpstreamUnclassified');
    apply(row, { kind: 'refused', eligibility: verdict.eligibility }, verdict.error);
    return true;
  };

  const request = async (row: number): Promise<void> => {
    const submitted = input.rows[row];
    if (!submitted) throw new RangeError(`the chunk has no row ${row}`);
    const answer = await called(finPro.requestFi(organisationId, effectiveRow(submitted, input.defaults)));
    if (answer.ok) {
      results.sessions.set(row, answer.value.sessionId);
      return apply(row, { kind: 'accepted', tight: context.tight });
    }
    const verdict = classify(answer.failure);
    switch (verdict.kind) {
      case 'final':
        refuse(row, verdict);
        return;
      case 'no-data':
        return apply(row, { kind: 'refused', eligibility: 'Yes' }, rowError('NoDataFound', 'FinPro found no data.'));
      case 'not-processed':
        // While the circuit is open a call that does not get through is not at the row's expense.
        return answer.failure.sent === 'no' && (limiter.circuit === 'open' || limiter.halfOpen)
          ? notSent(row)
          : apply(row, { kind: 'not-processed', eligibility: 'Yes' }, verdict.error);
      case 'answer-lost':
        return apply(row, { kind: 'answer-lost' });
      case 'in-progress':
        return apply(row, { kind: 'already-running' });
      case 'rate-limited':
      case 'unauthorized':
        return notSent(row);
    }
  };

  const notSent = (row: number): void => apply(row, { kind: 'not-sent' });

  const reconcile = async (row: number): Promise<void> => {
    const answer = await called(finPro.fiStatus(organisationId, { consentId: consentOf(row) }));
    if (answer.ok) {
      const isOurs = await belongsTo(row, answer.value);
      if (!isOurs) return apply(row, { kind: 'no-session' }, NOT_CONFIRMED);
      results.sessions.set(row, answer.value.sessionId);
      return apply(row, { kind: 'adopted' });
    }
    const verdict = classify(answer.failure);
    if (verdict.kind === 'no-data') return apply(row, { kind: 'no-session' }, NOT_CONFIRMED);
    if (refuse(row, verdict) || verdict.kind === 'rate-limited' || verdict.kind === 'unauthorized') return;
    apply(row, { kind: 'unanswered' });
  };

  const belongsTo = async (row: number, status: FiStatus): Promise<boolean> => {
    const requestedAt = results.rows[row]?.requestedAt ?? 0;
    return isOurSession(
      status,
      requestedAt,
      settings.sessionAgeTolerance,
      await context.duplicates.sessionsBefore(row),
    );
  };

  const poll = async (row: number): Promise<void> => {
    telemetry.count('UpstreamPoll');
    const answer = await called(finPro.fiStatus(organisationId, { sessionId: sessionOf(row) }));
    if (!answer.ok) {
      const verdict = classify(answer.failure);
      if (refuse(row, verdict) || verdict.kind === 'rate-limited' || verdict.kind === 'unauthorized') return;
      const isPending = verdict.kind === 'in-progress' || verdict.kind === 'no-data';
      return apply(row, { kind: isPending ? 'pending' : 'unanswered' }, NOT_IN_TIME);
    }
    const outcome = outcomeOf(answer.value);
    if (outcome.kind === 'pending') return apply(row, { kind: 'pending' }, NOT_IN_TIME);
    if (outcome.kind === 'ended') {
      return apply(row, { kind: 'refused', eligibility: outcome.eligibility }, outcome.error);
    }
    results.accounts.set(row, accountDetails(answer.value.accounts));
    apply(row, { kind: 'delivered' });
    if (results.rows[row]?.phase === 'fetchingBalances' && limiter.tryAcquire()) await balance(row);
  };

  const balance = async (row: number): Promise<void> => {
    const answer = await called(finPro.fiBalance(organisationId, consentOf(row)));
    if (answer.ok) {
      const known = results.accounts.get(row) ?? context.accounts.get(row) ?? [];
      results.accounts.set(row, withBalances(known, answer.value));
      return apply(row, { kind: 'balances-fetched' });
    }
    const verdict = classify(answer.failure);
    if (verdict.kind === 'rate-limited' || verdict.kind === 'unauthorized') return;
    apply(row, { kind: 'balances-failed' });
  };

  return { request, reconcile, poll, balance, notSent };
}
