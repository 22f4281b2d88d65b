import { type FinishPorts, finishChunk } from '../batch/finish.ts';
import type { Settings } from '../platform/settings.ts';
import { callLimiter } from '../upstream/call-limiter.ts';
import { callStats } from '../upstream/call-stats.ts';
import type { FinPro } from '../upstream/finpro.ts';
import { teachBudget } from '../upstream/metered-call.ts';
import type { Budget } from '../upstream/permit.ts';
import { makeCalls } from './calls.ts';
import { saveResults } from './commit.ts';
import { duplicateConsents } from './duplicates.ts';
import { blockedRows, nextDueAt, takeLease, withoutLostLease } from './lease.ts';
import { type Action, callsOf, planActions, withinTokens } from './plan.ts';
import type { Row } from './row.ts';
import { type ChunkKey, type ChunkState, isFinished, type Reservation, timelineOf } from './state.ts';
import type { ChunkTask, NextStep } from './task.ts';
import type { TransitionContext } from './transitions.ts';

export interface AdvancePorts extends FinishPorts {
  readonly budget: Budget;
  readonly finPro: FinPro;
  readonly settings: Settings;
}

/** How long an advance may take, in epoch milliseconds. */
export interface AdvanceLimits {
  /** No upstream call starts at or after this time. */
  readonly callsEndAt: number;
  /** The function is dead by then. */
  readonly functionEndsAt: number;
}

const DONE: NextStep = { done: true };
const resume = (resumeAt: number): NextStep => ({ done: false, resumeAt });

/**
 * The one way forward: moves a chunk as far as it can go now and says when to come back. Sends the FI requests that the budget allows,
 * probes where an answer was lost, polls the sessions that are due and fetches the balances of the ready ones.
 *
 * Writes in this order: STATE (lease, intents) → calls → OUTCOME → ACCOUNTS → STATE (results), so that a crash anywhere leaves rows that
 * the next advance can carry on with. Safe to repeat at any time.
 * @throws ConflictError when the results could not be written because somebody else wrote; a retry is safe
 */
export async function advanceChunk(ports: AdvancePorts, task: ChunkTask, limits: AdvanceLimits): Promise<NextStep> {
  const { chunks, clock } = ports;
  const now = clock.now();
  const stored = await chunks.state(task);
  if (!stored || stored.generation > task.generation) return DONE;
  if (isFinished(stored)) {
    await finishChunk(ports, stored.key);
    return DONE;
  }
  // Past the batch's deadline recovery ends the chunk, and must find it free.
  if (now >= stored.acceptedAt + ports.settings.batchDeadline) return DONE;
  if (stored.leasedUntil !== null && stored.leasedUntil > now) {
    return resume(stored.leasedUntil + ports.settings.clockSkew);
  }
  return advanceFree(ports, stored, limits, now);
}

/** Advances a chunk that nobody has leased. */
async function advanceFree(
  ports: AdvancePorts,
  stored: ChunkState,
  limits: AdvanceLimits,
  now: number,
): Promise<NextStep> {
  const { chunks, clock, settings } = ports;
  const [input, outcome] = await Promise.all([chunks.input(stored.key), chunks.outcome(stored.key)]);
  const moment = (): TransitionContext => ({ now: clock.now(), timeline: timelineOf(stored), settings });
  const state = withoutLostLease(stored, outcome.sessions, moment());
  const duplicates = duplicateConsents(chunks, { state, input, outcome });
  const planned = planActions(state.rows, now, settings);
  const blocked = await blockedRows(state.rows, planned, duplicates);
  const due = planned.filter(({ row }) => !blocked.has(row));
  if (due.length === 0) return defer(ports, stored, state, nextDueAt(state.rows, blocked, now, settings), now);

  const leave = await ports.budget.reserve(stored.key.organisationId, callsOf(due), stored.reservation, now);
  if (!leave.granted) return defer(ports, stored, state, leave.waitUntil, now);
  const { reservation, halfOpen, taken } = leave;
  const callsStartAt = reservation.startsAt + settings.clockSkew;
  if (callsStartAt > now) return keepReservation(ports, state, reservation, callsStartAt, now);

  const accounts = due.some(({ kind }) => kind === 'balance') ? await chunks.accounts(stored.key) : new Map();
  const plan = halfOpen ? halfOpenCall(due, state.rows) : withinTokens(due, reservation.tokens);
  const leased = takeLease(
    state,
    new Set(plan.map(({ row }) => row)),
    limits.functionEndsAt + settings.reconcileDelay,
    moment(),
  );
  if (!(await chunks.saveState(leased))) {
    // Who came first may be using what was held from before.
    if (taken) await release(ports, stored.key, reservation, reservation.tokens);
    return resume(now + settings.waitStep);
  }

  const lessons: Promise<void>[] = [];
  const limiter = callLimiter({
    clock,
    reservation,
    halfOpen,
    callsEndAt: Math.min(limits.callsEndAt, reservation.endsAt - settings.clockSkew),
    onOpen: (lesson) => lessons.push(teachBudget(ports, stored.key.organisationId, reservation, lesson)),
  });
  const stats = callStats(ports.telemetry);
  const results = await makeCalls(
    {
      finPro: ports.finPro,
      telemetry: ports.telemetry,
      limiter,
      stats,
      duplicates,
      organisationId: stored.key.organisationId,
      input,
      sessions: outcome.sessions,
      accounts,
      tight: reservation.tight,
      moment,
    },
    leased.rows,
    plan,
  );
  if (limiter.circuit !== 'open')
    lessons.push(teachBudget(ports, stored.key.organisationId, reservation, limiter.lesson()));
  await Promise.all([...lessons, release(ports, stored.key, reservation, limiter.tokensLeft)]);
  ports.telemetry.count('UpstreamCall', limiter.callsMade);
  stats.report(limiter);
  // A halfOpen is in no rate window.
  return saveResults(ports, leased, outcome, results, blocked, halfOpen ? null : reservation);
}

/**
 * The call to try an open circuit with: rather one that asks than one that spends a consent, and of these the one that has waited longest, so
 * that a consent which always fails does not keep the circuit open for all others.
 */
function halfOpenCall(due: readonly Action[], rows: readonly Row[]): readonly Action[] {
  const waitingSince = ({ row }: Action): number => rows[row]?.touchedAt ?? 0;
  const isRequest = ({ kind }: Action): number => (kind === 'request' ? 1 : 0);
  return due.toSorted((a, b) => isRequest(a) - isRequest(b) || waitingSince(a) - waitingSince(b)).slice(0, 1);
}

/**
 * Nothing can be done before `dueAt`. Says so in the chunk where it did not, since recovery goes by it. Comes back a little later than that: this
 * worker's clock may be behind the one that woke it, and it would be woken again and again until it has caught up.
 */
async function defer(
  { chunks, settings }: AdvancePorts,
  stored: ChunkState,
  state: ChunkState,
  dueAt: number,
  now: number,
): Promise<NextStep> {
  const resumeAt = Math.max(dueAt, now) + settings.clockSkew;
  if (dueAt <= stored.dueAt && state === stored) return resume(resumeAt);
  await chunks.saveState({ ...state, version: state.version + 1, stalls: 0, dueAt: resumeAt, movedAt: now });
  return resume(resumeAt);
}

async function keepReservation(
  { chunks, settings }: AdvancePorts,
  state: ChunkState,
  reservation: Reservation,
  dueAt: number,
  now: number,
): Promise<NextStep> {
  const { reservation: held } = state;
  // Woken for it, but too early by this worker's clock.
  if (held?.startsAt === reservation.startsAt && held.epoch === reservation.epoch) {
    return resume(dueAt + settings.clockSkew);
  }
  await chunks.saveState({ ...state, version: state.version + 1, stalls: 0, reservation, dueAt, movedAt: now });
  return resume(dueAt);
}

async function release(
  { budget, telemetry }: AdvancePorts,
  { organisationId }: ChunkKey,
  reservation: Reservation,
  tokens: number,
): Promise<void> {
  if (tokens < reservation.tokens * WORTH_GIVING_BACK) return;
  try {
    await budget.release(organisationId, reservation, tokens);
  } catch (error) {
    telemetry.warn('unused tokens could not be given back', { organisationId, error: String(error) });
  }
}

/** Giving tokens back costs a write, so a few are left unused. */
const WORTH_GIVING_BACK = 0.1;
