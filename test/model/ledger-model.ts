import { setImmediate } from 'node:timers/promises';
import { type Budget, budgetOf, type Granted } from '#lambdas/upstream/budget.ts';
import type { UpstreamAnswer } from '#lambdas/upstream/finpro.ts';
import {
  applyChange,
  type LedgerChange,
  type LedgerStore,
  ledgerOf,
  NEW_LEDGER,
  type StoredLedger,
} from '#lambdas/upstream/ledger.ts';
import { meteredCalls } from '#lambdas/upstream/metered-calls.ts';
import type { Reservation } from '#lambdas/upstream/rate-window.ts';
import { type RateLimit, RateWindows } from '#simulator/rate-window.ts';
import { memoryTelemetry } from '#test/world/telemetry.ts';
import type { Choose } from './explore.ts';

const ORGANISATION = 'lender';
const SKEW = 2_000;
/** What an advance calls, half of it at a time. Two are more than a window's limit. */
const CALLS = 22;
const AT_ONCE = CALLS / 2;
const LIMIT = 40;
const MINUTE = 60_000;
const MOST_TURNS = 12;
const DELAY = 20_000;
const OWN_CALLS = 5;

/** What is tried in one scope. */
export interface LedgerScope {
  readonly rateLimit: RateLimit;
  /** Whether windows are as the settings say. */
  readonly isExpected: boolean;
  /** When each worker comes to make calls, in milliseconds. */
  readonly comesAt: readonly (readonly number[])[];
  /** Reads, writes and answers that may be lost, in all. */
  readonly losses: number;
  /** How often time may pass while a write or a read is under way, in all. */
  readonly delays: number;
  /** Bursts of calls that the organisation makes itself, in all. */
  readonly ownCalls: number;
  /** How many halves of its calls an advance makes; what is left of its tokens goes back. */
  readonly parts: number;
  /** A mistake in the ledger: what is applied instead of a change; null: nothing. */
  readonly changed?: (change: LedgerChange) => LedgerChange | null;
}

/** Something that is under way between a worker and the ledger or FinPro, and how it can end. */
interface Step {
  readonly worker: number;
  readonly name: string;
  /** Not before this time. */
  readonly from: number;
  readonly canWait: boolean;
  readonly ends: Readonly<Record<string, () => void>>;
}

class Lost extends Error {}

/**
 * One history of workers that share a ledger: the deployed budget and metering, over a ledger and a limiter in memory. What happens next is
 * chosen: whose read, write or call comes next, and whether it or its answer is lost. Time passes when all workers wait, and seldom otherwise. An
 * answer and what it teaches take less time than no call starts before a window's end.
 */
export async function playLedger(scope: LedgerScope, choose: Choose): Promise<void> {
  let now = 0;
  let stored: StoredLedger = NEW_LEDGER;
  let { losses, delays, ownCalls } = scope;
  const windows = new RateWindows(1);
  windows.setLimit(scope.rateLimit);
  const counted: string[] = [];
  const settings = {
    upstream: { limit: LIMIT, window: MINUTE, circuitWait: MINUTE, timeout: 15_000 },
    clockSkew: SKEW,
    waitStep: 1_000,
  };
  const steps = new Set<Step>();
  /** What each worker has seen in its present advance, on which alone its future depends; and what was seen before. */
  const logs = scope.comesAt.map((): string[] => []);
  const shown: string[] = [];
  const made = scope.comesAt.map(() => 0);

  const step = <T>(worker: number, name: string, effect: () => T, options: Partial<Step> = {}): Promise<T> =>
    new Promise((resolve, reject) => {
      const end = (result: 'well' | 'lost before' | 'lost after') => (): void => {
        const value = result === 'lost before' ? null : effect();
        logs[worker]?.push(`worker ${worker}, ${now} ${name} ${result} ${JSON.stringify(value, replacer)}`);
        if (result === 'well') resolve(value as T);
        else reject(new Lost(name));
      };
      const lossy = losses > 0 && name !== 'wait';
      steps.add({
        worker,
        name,
        from: 0,
        canWait: true,
        ...options,
        ends: lossy
          ? { well: end('well'), 'lost before': end('lost before'), 'lost after': end('lost after') }
          : { well: end('well') },
      });
    });

  const until = (worker: number, from: number): Promise<void> => step(worker, 'wait', () => undefined, { from });

  /** What FinPro has counted so far. */
  const arrives = (): UpstreamAnswer<string> => {
    let answer = windows.count(ORGANISATION, 'status', now);
    for (let each = 1; each < AT_ONCE; each += 1) answer = windows.count(ORGANISATION, 'status', now);
    counted.push(`${now}`);
    const { allowed = true, ...headers } = answer ?? {};
    const told = { limit: null, remaining: null, resetAt: null, ...headers };
    return allowed
      ? { ok: true, value: '', headers: told }
      : { ok: false, failure: { sent: 'answered', status: 429, code: null, message: '' }, headers: told };
  };
  const LOST_ANSWER: UpstreamAnswer<string> = {
    ok: false,
    failure: { sent: 'maybe', timedOut: false, message: '' },
    headers: { limit: null, remaining: null, resetAt: null },
  };
  const call = async (worker: number): Promise<UpstreamAnswer<string>> => {
    try {
      return await step(worker, 'call', arrives, { canWait: false });
    } catch {
      return LOST_ANSWER;
    }
  };

  const ledgersOf = (worker: number): LedgerStore => ({
    read: () => step(worker, 'read', () => ledgerOf(stored, settings)),
    apply: (_, change) => {
      const teaches = ['tell-end', 'tell-limit', 'lower-limit', 'block'].includes(change.kind);
      return step(
        worker,
        change.kind,
        () => {
          const applied = scope.changed ? scope.changed(change) : change;
          const next = applied && applyChange(stored, applied);
          if (next) stored = next;
          return next && ledgerOf(next, settings);
        },
        { canWait: !teaches },
      );
    },
    newWriteId: () => 'a circuit has no part in this model',
  });

  const work = async (worker: number): Promise<void> => {
    const budget = budgetOf(ledgersOf(worker), settings);
    for (const comesAt of scope.comesAt[worker] ?? []) {
      await until(worker, comesAt);
      await advance(worker, budget);
      // Nothing of this advance matters to the next one.
      shown.push(...(logs[worker] ?? []));
      logs[worker] = [];
    }
  };

  /** As a chunk does: waits for the window of its reservation, calls, and comes again where something was lost. */
  const advance = async (worker: number, budget: Budget): Promise<void> => {
    let held: Reservation | null = null;
    for (let turns = 0; turns < MOST_TURNS; turns += 1) {
      try {
        const permit = await budget.acquire(ORGANISATION, CALLS, held, now);
        const startsAt: number = permit.granted ? permit.reservation.startsAt + SKEW : permit.waitUntil;
        held = permit.granted ? permit.reservation : null;
        if (permit.granted && startsAt <= now) return await callUnder(worker, budget, permit);
        await until(worker, startsAt);
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        await until(worker, now + 1_000);
      }
    }
  };

  const callUnder = async (worker: number, budget: Budget, permit: Granted): Promise<void> => {
    const ports = { budget, clock: { now: () => now }, telemetry: memoryTelemetry() };
    const calls = meteredCalls(ports, ORGANISATION, permit, permit.reservation.endsAt - SKEW, SKEW);
    const tokens = (): number => Array.from({ length: AT_ONCE }).filter(() => calls.tryAcquire()).length;
    for (let part = 0; part < scope.parts && tokens() === AT_ONCE; part += 1) {
      made[worker] = (made[worker] ?? 0) + 1;
      await calls.make('status', () => call(worker));
    }
    await calls.finish();
  };

  let failure: unknown = null;
  const working = Promise.all(
    scope.comesAt.map((_, worker) =>
      work(worker).catch((error: unknown) => {
        failure ??= error;
      }),
    ),
  );

  const state = (): string =>
    JSON.stringify(
      [
        now,
        losses,
        delays,
        ownCalls,
        logs,
        counted,
        stored,
        [...steps].map(({ worker, name, from }) => [worker, name, from]),
      ],
      replacer,
    );

  for (;;) {
    await setImmediate();
    if (failure) throw failure;
    const waiting = [...steps];
    if (waiting.length === 0) break;
    const ready = waiting.filter(({ from }) => from <= now);
    if (ready.length === 0) {
      now = Math.min(...waiting.map(({ from }) => from));
      continue;
    }
    const next = ready.flatMap((each) =>
      Object.entries(each.ends).map(([how, end]) => (): void => {
        steps.delete(each);
        if (how !== 'well') losses -= 1;
        end();
      }),
    );
    if (delays > 0 && ready.every(({ canWait }) => canWait)) {
      next.push(() => {
        delays -= 1;
        now += DELAY;
      });
    }
    if (ownCalls > 0) {
      next.push(() => {
        ownCalls -= 1;
        for (let each = 0; each < OWN_CALLS; each += 1) windows.count(ORGANISATION, 'status', now);
        counted.push(`own ${now}`);
      });
    }
    next[choose(next.length, state)]?.();
  }
  await working;
  if (failure) throw failure;
  checkEnd();

  function checkEnd(): void {
    const { isExpected, ownCalls: own } = scope;
    // Nothing is known of the first window, nor where what tells of it is lost.
    const mayBeUnknown = !isExpected && losses < scope.losses;
    const over = windows.overLimit.filter(({ number }) => isExpected || number > 1);
    if (over.length > 0 && own === 0 && !mayBeUnknown)
      throw new Error(`${shown.join('\n')}\nwindow ${over[0]?.number} went over the limit`);
    // Without calls of others, and windows as expected, nobody else is seen.
    if (own === 0 && isExpected && stored.otherCalls.size > 0)
      throw new Error(`${shown.join('\n')}\ncalls of nobody were counted`);
    if (made.some((calls) => calls === 0)) throw new Error(`${shown.join('\n')}\na worker never came to call`);
  }
}

const replacer = (_: string, value: unknown): unknown => (value instanceof Map ? [...value] : value);
