import pMap from 'p-map';
import { withDefaults } from '../batch/submission.ts';
import type { Settings } from '../platform/settings.ts';
import type { Clock } from '../platform/system.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import { classify, type RowError, rowError, type Verdict } from '../upstream/failures.ts';
import type { FinPro, FiRequest } from '../upstream/finpro.ts';
import type { MeteredCalls } from '../upstream/metered-calls.ts';
import {
  type AccountDetails,
  accountDetails,
  contradicts,
  isOurSession,
  outcomeOf,
  type Subject,
  withBalances,
} from '../upstream/session.ts';
import type { ChunkInput, ChunkState } from './chunk.ts';
import type { Predecessors } from './duplicates.ts';
import type { Action, CallKind } from './plan.ts';
import type { Row } from './row.ts';
import type { RowEvent } from './transitions.ts';

/** Concurrent calls in one advance of a chunk (docs/decisions/0009-what-chunk-workers-are-given.md). */
const CONCURRENCY = 25;

/** What a call has shown of a row. */
export interface RowReport {
  readonly row: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly event: RowEvent;
  /** What the client is told if this event fails the row. */
  readonly error?: RowError;
  readonly sessionId?: string;
  readonly accounts?: readonly AccountDetails[];
}

export interface CallContext {
  readonly finPro: FinPro;
  readonly calls: MeteredCalls;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly settings: Settings;
  readonly state: ChunkState;
  readonly input: ChunkInput;
  readonly sessions: ReadonlyMap<number, string>;
  readonly predecessors: Predecessors;
  /** Accounts of rows whose balance call didn't fit into an earlier advance. */
  readonly accounts: ReadonlyMap<number, readonly AccountDetails[]>;
  /** Whether this is the one call that tries an open circuit. */
  readonly halfOpen: boolean;
  readonly tight: boolean;
}

/** What a row is told that ends because no look-up found a session for it. */
export const NOT_CONFIRMED = rowError(
  'UpstreamTimeout',
  'The answer to the FI request was lost, and FinPro has no session for it; try again later.',
);
const STILL_RUNNING = rowError(
  'DataFetchRequestInProgress',
  'FinPro says that a fetch for this consent is in progress, and has no session for it; try again later.',
);
const NOT_ANSWERED = rowError(
  'DataFetchTimeout',
  "FinPro didn't answer the polls at the polling deadline; try again later.",
);
const NOT_IN_TIME = rowError(
  'DataFetchTimeout',
  'The data was not ready before the polling deadline; try again later.',
);

/**
 * Makes the calls of a plan, 25 at a time, as far as they may start, and reports what each has shown. Changes nothing,
 * and never throws for what the upstream does.
 */
export async function makeCalls(context: CallContext, actions: readonly Action[]): Promise<RowReport[]> {
  const caller = rowCaller(context);
  const make = async ({ row, kind }: Action): Promise<readonly RowReport[]> => {
    if (context.calls.tryAcquire()) return caller[kind](row);
    return kind === 'request' ? [caller.notSent(row)] : [];
  };
  return (await pMap(actions, make, { concurrency: CONCURRENCY, stopOnError: false })).flat();
}

type RowCaller = Record<CallKind, (row: number) => Promise<readonly RowReport[]>> & { notSent(row: number): RowReport };

/** Temporary failures that hit the whole organisation. They don't cost the row an attempt. */
const isOrganisationWide = ({ kind }: Verdict): boolean => kind === 'rate-limited' || kind === 'unauthorized';

function rowCaller(context: CallContext): RowCaller {
  const { finPro, calls, clock, telemetry, settings, state, input } = context;
  const { organisationId } = state.key;

  type Found = Pick<RowReport, 'error' | 'sessionId' | 'accounts'>;
  const report = (row: number, event: RowEvent, found: Found = {}): RowReport => ({
    row,
    at: clock.now(),
    event,
    ...found,
  });

  const submitted = (row: number) => {
    const found = input.rows[row];
    if (!found) throw new RangeError(`the chunk has no row ${row}`);
    return found;
  };

  const stateOf = (row: number): Row => {
    const found = state.rows[row];
    if (!found) throw new RangeError(`the chunk has no row ${row}`);
    return found;
  };

  /** A status call that nobody answered. While nobody is answered at all, that says nothing of its row. */
  const unanswered = (row: number): RowReport => {
    const isOutage = context.halfOpen || calls.circuit === 'open';
    return report(row, { kind: 'unanswered', isOutage }, { error: NOT_ANSWERED });
  };

  const requestOf = (row: number): FiRequest => ({
    consentId: submitted(row).consentId,
    ...withDefaults(submitted(row), input.defaults),
  });

  const refused = (row: number, { eligibility, classified, error }: Verdict & { kind: 'final' }): RowReport => {
    if (!classified) telemetry.count('UpstreamUnclassified');
    return report(row, { kind: 'refused', eligibility }, { error });
  };

  /** A status call that was refused: what no rule knows may be no word on the row, whose session may go on. */
  const statusRefused = (row: number, verdict: Verdict & { kind: 'final' }): RowReport => {
    const ended = refused(row, verdict);
    return verdict.classified ? ended : { ...ended, event: { kind: 'doubted' } };
  };

  /** An answer about somebody else, from a cache in between for instance, is as good as none. */
  const isAstray = (answer: Subject, asked: Subject): boolean => {
    const strays = contradicts(answer, asked);
    if (strays) telemetry.count('UpstreamMismatch');
    return strays;
  };

  const notSent = (row: number): RowReport => report(row, { kind: 'not-sent' });

  const request = async (row: number): Promise<RowReport> => {
    const asked = requestOf(row);
    const isRepeat = stateOf(row).attempt > 1;
    const answer = await calls.make('request', () => finPro.requestFi(organisationId, asked), isRepeat);
    if (answer.ok && isAstray(answer.value, { consentId: asked.consentId })) {
      return report(row, { kind: 'answer-lost' });
    }
    if (answer.ok) {
      return report(row, { kind: 'accepted', tight: context.tight }, { sessionId: answer.value.sessionId });
    }
    const verdict = classify(answer.failure);
    switch (verdict.kind) {
      case 'final':
        return refused(row, verdict);
      case 'no-data':
        return report(
          row,
          { kind: 'refused', eligibility: 'Yes' },
          { error: rowError('NoDataFound', 'FinPro found no data.') },
        );
      case 'not-processed':
        // While the circuit is open, a call that doesn't get through costs the row no attempt.
        return answer.failure.sent === 'no' && (calls.circuit === 'open' || context.halfOpen)
          ? notSent(row)
          : report(row, { kind: 'not-processed', eligibility: 'Yes' }, { error: verdict.error });
      case 'answer-lost':
        return report(row, { kind: 'answer-lost' });
      case 'in-progress':
        return report(row, { kind: 'already-running' });
      case 'rate-limited':
      case 'unauthorized':
        return notSent(row);
    }
  };

  const reconcile = async (row: number): Promise<readonly RowReport[]> => {
    const { consentId } = submitted(row);
    const { phase, requestedAt } = stateOf(row);
    // Of a session that FinPro says is running, it doesn't matter since when.
    const since = phase === 'joining' ? 0 : requestedAt;
    const isRepeat = phase === 'reconciling';
    const answer = await calls.make('status', () => finPro.fiStatus(organisationId, { consentId }), isRepeat);
    const none = report(row, { kind: 'no-session' }, { error: phase === 'joining' ? STILL_RUNNING : NOT_CONFIRMED });
    if (answer.ok && isAstray(answer.value, { consentId })) return [unanswered(row)];
    if (answer.ok) {
      const held = context.predecessors.heldSessions.get(row) ?? new Set();
      return isOurSession(answer.value, since, settings.sessionAgeTolerance, held)
        ? [report(row, { kind: 'adopted' }, { sessionId: answer.value.sessionId })]
        : [none];
    }
    const verdict = classify(answer.failure);
    if (verdict.kind === 'no-data') return [none];
    if (verdict.kind === 'final') return [statusRefused(row, verdict)];
    return isOrganisationWide(verdict) ? [] : [unanswered(row)];
  };

  const poll = async (row: number): Promise<readonly RowReport[]> => {
    telemetry.count('UpstreamPoll');
    const sessionId = context.sessions.get(row);
    if (sessionId === undefined) throw new RangeError(`row ${row} is polled without a session`);
    const answer = await calls.make('status', () => finPro.fiStatus(organisationId, { sessionId }));
    if (!answer.ok) {
      const verdict = classify(answer.failure);
      if (verdict.kind === 'final') return [statusRefused(row, verdict)];
      if (isOrganisationWide(verdict)) return [];
      return verdict.kind === 'in-progress' || verdict.kind === 'no-data'
        ? [report(row, { kind: 'pending' }, { error: NOT_IN_TIME })]
        : [unanswered(row)];
    }
    if (isAstray(answer.value, { sessionId, consentId: submitted(row).consentId })) {
      return [unanswered(row)];
    }
    const outcome = outcomeOf(answer.value);
    if (outcome.kind === 'pending') return [report(row, { kind: 'pending' }, { error: NOT_IN_TIME })];
    if (outcome.kind === 'ended') {
      const { eligibility, error } = outcome;
      return [report(row, { kind: 'refused', eligibility }, { error })];
    }
    const accounts = accountDetails(answer.value.accounts);
    const delivered = report(row, { kind: 'delivered' }, { accounts });
    return settings.balances && calls.tryAcquire() ? [delivered, ...(await balance(row, accounts))] : [delivered];
  };

  const balance = async (
    row: number,
    known: readonly AccountDetails[] = context.accounts.get(row) ?? [],
  ): Promise<readonly RowReport[]> => {
    const answer = await calls.make('balance', () => finPro.fiBalance(organisationId, submitted(row).consentId));
    if (answer.ok) {
      return [report(row, { kind: 'balances-fetched' }, { accounts: withBalances(known, answer.value) })];
    }
    return isOrganisationWide(classify(answer.failure)) ? [] : [report(row, { kind: 'balances-failed' })];
  };

  return { request: async (row) => [await request(row)], reconcile, poll, balance: (row) => balance(row), notSent };
}
