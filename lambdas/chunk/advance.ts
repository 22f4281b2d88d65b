import { type FinishPorts, finishChunk } from '../batch/finish.ts';
import type { Settings } from '../platform/settings.ts';
import { allSettled } from '../platform/settled.ts';
import { type Budget, budgetOf, type Granted } from '../upstream/budget.ts';
import type { FinPro } from '../upstream/finpro.ts';
import type { LedgerStore } from '../upstream/ledger.ts';
import { meteredCalls, releaseUnused } from '../upstream/metered-calls.ts';
import type { Reservation } from '../upstream/rate-window.ts';
import { makeCalls } from './calls.ts';
import {
  type ChunkInput,
  type ChunkOutcome,
  type ChunkState,
  type ChunkTask,
  hasBegun,
  isFinished,
  type NextStep,
  NO_STALLS,
} from './chunk.ts';
import { claimFound } from './claims.ts';
import { commit, foldReports } from './commit.ts';
import { blockedRows, loadPredecessors, type Predecessors } from './duplicates.ts';
import { takeLease, withoutLostLease } from './lease.ts';
import { type Action, type Blocker, callsOf, halfOpenAction, nextDueAt, planActions, withinTokens } from './plan.ts';

export interface AdvancePorts extends FinishPorts {
  readonly ledgers: LedgerStore;
  readonly finPro: FinPro;
  readonly settings: Settings;
}

/** How long an advance may take, in epoch milliseconds. */
export interface AdvanceLimits {
  /** No upstream call starts at or after this time. */
  readonly callsEndAt: number;
  /** The invocation has ended by then, one way or another. */
  readonly functionEndsAt: number;
}

const DONE: NextStep = { done: true };
const resume = (resumeAt: number): NextStep => ({ done: false, resumeAt });

/**
 * The one way forward: moves a chunk as far as it can go now and says when to come back. Sends the FI requests that the
 * budget allows, reconciles lost answers, polls sessions that are due and fetches the balances of those that are ready.
 *
 * Load → plan → permit → lease → calls → fold → commit. Writes STATE (lease, intents) → calls → claims → OUTCOME →
 * ACCOUNTS → STATE (results), so that the next advance can continue after a crash anywhere (docs/architecture.md, "The order of
 * writes"). Safe to repeat at any time.
 * @throws ConflictError when somebody else wrote the chunk meanwhile; a retry is safe
 */
export async function advanceChunk(ports: AdvancePorts, task: ChunkTask, limits: AdvanceLimits): Promise<NextStep> {
  const { chunks, clock, settings } = ports;
  const now = clock.now();
  const stored = await chunks.state(task);
  if (!stored || stored.generation > task.generation) return DONE;
  if (isFinished(stored)) {
    await finishChunk(ports, stored.key);
    return DONE;
  }
  // Past the batch's deadline recovery ends the chunk, and nobody may hold it then.
  if (now >= stored.acceptedAt + settings.batchDeadline) return DONE;
  if (stored.leasedUntil !== null && stored.leasedUntil > now) return resume(stored.leasedUntil + settings.clockSkew);
  const begun = await begin(ports, stored, now);
  if (begun === null) return resume(now + settings.waitStep);
  const work = await planWork(ports, begun, now);
  return work.due.length === 0
    ? defer(ports, work, nextDueAt(work.state.rows, work.blocked, now, settings), now)
    : advanceDue(ports, work, limits);
}

/**
 * Marks that the advance of a chunk which recovery has queued begins. Should nothing follow, the chunk itself is the
 * cause. Null when somebody else was first.
 */
async function begin({ chunks, settings }: AdvancePorts, stored: ChunkState, now: number): Promise<ChunkState | null> {
  if (stored.stalls === 0 || hasBegun(stored)) return stored;
  const begun = { ...stored, version: stored.version + 1, dueAt: now + settings.waitStep, movedAt: now };
  return (await chunks.saveState(begun)) ? begun : null;
}

/** A chunk that nobody has leased, and what is due for it now. */
interface Work {
  readonly stored: ChunkState;
  readonly state: ChunkState;
  readonly input: ChunkInput;
  readonly outcome: ChunkOutcome;
  readonly predecessors: Predecessors;
  readonly blocked: ReadonlyMap<number, Blocker>;
  readonly due: readonly Action[];
}

async function planWork({ chunks, settings }: AdvancePorts, stored: ChunkState, now: number): Promise<Work> {
  const { key } = stored;
  const [input, outcome] = await allSettled([chunks.input(key), chunks.outcome(key)]);
  const state = withoutLostLease(stored, outcome.sessions, now, settings);
  const planned = planActions(state.rows, now, settings);
  const predecessors = await loadPredecessors(chunks, { key, rows: state.rows, input, outcome }, planned);
  const blocked = blockedRows(state.rows, planned, { key, input }, predecessors);
  const due = planned.filter(({ row }) => !blocked.has(row));
  return { stored, state, input, outcome, predecessors, blocked, due };
}

async function advanceDue(ports: AdvancePorts, work: Work, limits: AdvanceLimits): Promise<NextStep> {
  const { chunks, settings } = ports;
  const { stored, state, due } = work;
  const { organisationId } = stored.key;
  await ports.finPro.prepare(organisationId);
  const now = ports.clock.now();
  const budget = budgetOf(ports.ledgers, settings);
  const permit = await budget.acquire(organisationId, callsOf(due), stored.reservation, now);
  if (!permit.granted) return defer(ports, work, permit.waitUntil, now);
  const { reservation } = permit;
  const callsStartAt = reservation.startsAt + settings.clockSkew;
  if (callsStartAt > now) return keepReservation(ports, state, reservation, callsStartAt, now);

  const accounts = due.some(({ kind }) => kind === 'balance') ? await chunks.accounts(stored.key) : new Map();
  const planned = permit.halfOpen ? halfOpenAction(due, state.rows) : withinTokens(due, reservation.tokens);
  const leasedUntil = limits.functionEndsAt + settings.reconcileDelay;
  const leased = takeLease(state, planned, leasedUntil, ports.clock.now(), settings);
  if (!(await chunks.saveState(leased))) {
    // The worker that came first may be using a reservation made earlier.
    if (permit.taken) await releaseUnused({ ...ports, budget }, organisationId, permit, reservation.tokens);
    return resume(now + settings.waitStep);
  }
  const reports = await callUpstream(ports, budget, work, { permit, leased, planned, accounts }, limits);
  return commit(ports, {
    leased,
    outcome: work.outcome,
    results: foldReports(leased, reports, settings),
    blocked: work.blocked,
    // A half-open call belongs to no rate window.
    reservation: permit.halfOpen ? null : reservation,
  });
}

interface Leased {
  readonly permit: Granted;
  readonly leased: ChunkState;
  readonly planned: readonly Action[];
  readonly accounts: Awaited<ReturnType<AdvancePorts['chunks']['accounts']>>;
}

async function callUpstream(
  ports: AdvancePorts,
  budget: Budget,
  { input, outcome, predecessors }: Work,
  { permit, leased, planned, accounts }: Leased,
  limits: AdvanceLimits,
) {
  const { finPro, clock, telemetry, settings } = ports;
  const { organisationId } = leased.key;
  const { halfOpen, reservation } = permit;
  const callsEndAt = Math.min(limits.callsEndAt, reservation.endsAt - settings.clockSkew);
  const calls = meteredCalls({ budget, clock, telemetry }, organisationId, permit, callsEndAt, settings.clockSkew);
  const context = { finPro, calls, clock, telemetry, settings, input, predecessors, accounts, halfOpen };
  try {
    const reports = await makeCalls(
      { ...context, state: leased, sessions: outcome.sessions, tight: reservation.tight },
      planned,
    );
    return await claimFound(ports.chunks, leased, reports);
  } finally {
    await calls.finish();
  }
}

/**
 * Nothing can be done before `dueAt`. Stores that if the chunk says otherwise, since recovery relies on it. Comes back
 * a little later: this worker's clock may be behind the one that woke it, which would wake it again and again.
 */
async function defer(
  { chunks, settings }: AdvancePorts,
  { stored, state }: Work,
  dueAt: number,
  now: number,
): Promise<NextStep> {
  const resumeAt = Math.max(dueAt, now) + settings.clockSkew;
  if (dueAt <= stored.dueAt && state === stored) return resume(resumeAt);
  await chunks.saveState({ ...state, version: state.version + 1, ...NO_STALLS, dueAt: resumeAt, movedAt: now });
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
  // Woken for this reservation, but too early by this worker's clock.
  const isSame = held?.window === reservation.window && held.epoch === reservation.epoch;
  if (isSame && Math.abs(held.startsAt - reservation.startsAt) <= settings.clockSkew) {
    return resume(dueAt + settings.clockSkew);
  }
  await chunks.saveState({ ...state, version: state.version + 1, ...NO_STALLS, reservation, dueAt, movedAt: now });
  return resume(dueAt);
}

/** The limits of one invocation: calls stop well before its time-out, and after `callsFor` milliseconds if given. */
export function limitsOf(
  invocation: { getRemainingTimeInMillis(): number },
  { clock, settings }: AdvancePorts,
  callsFor = Number.POSITIVE_INFINITY,
): AdvanceLimits {
  const now = clock.now();
  const functionEndsAt = now + invocation.getRemainingTimeInMillis();
  return { functionEndsAt, callsEndAt: Math.min(functionEndsAt - settings.callsEnd, now + callsFor) };
}
