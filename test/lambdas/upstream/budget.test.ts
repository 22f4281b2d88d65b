import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSettings } from '#lambdas/platform/settings.ts';
import { type Budget, budgetOf, type CallOutcomes, type Granted } from '#lambdas/upstream/budget.ts';
import { dynamoDbLedgers } from '#lambdas/upstream/ledger.dynamodb.ts';
import type { LedgerStore } from '#lambdas/upstream/ledger.ts';
import type { RateLimitHeaders } from '#lambdas/upstream/rate-limit-headers.ts';
import { aLedger } from '#test/world/builders.ts';
import { memoryLedgers } from '#test/world/ledgers.ts';
import { type LocalTable, localTable } from '#test/world/local-table.ts';

const settings = readSettings({});
const MINUTE = 60_000;
const NOW = 1_800_000_000_000 - (1_800_000_000_000 % MINUTE) + 10_000;
const START = NOW - (NOW % MINUTE);
const WINDOW = START / MINUTE;
const NO_HEADERS = { limit: null, remaining: null, resetAt: null };
const NOTHING: CallOutcomes = {
  headers: null,
  told: [],
  rateLimited: false,
  circuit: 'keep',
  failures: { weight: 0, afterAnswer: true },
};

let table: LocalTable;
beforeAll(async () => {
  table = await localTable();
});
afterAll(() => table.close());

/** What calls have shown, the last of which had these headers. */
const shown = (headers: RateLimitHeaders, callsMade: number): CallOutcomes => ({
  ...NOTHING,
  headers,
  told: [{ endpoint: 'status', headers, callsMade }],
});

type Answer = Awaited<ReturnType<Budget['acquire'] | Budget['acquireForClient']>>;
function granted(permit: Answer): Granted {
  if (!permit.granted) throw new Error('no permit');
  return permit;
}
const reservationOf = (permit: Answer) => granted(permit).reservation;

let organisations = 0;
/** A budget over a ledger that nobody has used, and what it does to it. */
function aBudget(open: () => LedgerStore, environment: Record<string, string> = {}) {
  organisations += 1;
  const org = `org-${organisations}`;
  const own = readSettings(environment);
  const ledgers = open();
  const calls: string[] = [];
  const watched: LedgerStore = {
    ...ledgers,
    read: (organisationId) => {
      calls.push('read');
      return ledgers.read(organisationId);
    },
    apply: (organisationId, change) => {
      calls.push(change.kind);
      return ledgers.apply(organisationId, change);
    },
  };
  /** Another worker, in a container of its own. */
  const anotherWorker = (): Budget => budgetOf(ledgers, own);
  return { org, ledgers, calls, budget: budgetOf(watched, own), anotherWorker };
}

const STORES = {
  memory: (): LedgerStore => memoryLedgers(settings),
  DynamoDB: (): LedgerStore => dynamoDbLedgers(table, table, settings),
};

describe.each(['memory', 'DynamoDB'] as const)('the budget, over a ledger in %s', (name) => {
  const open = STORES[name];
  test('fills the current window to 97 % and later ones to 90 %', async () => {
    const { org, budget } = aBudget(open);
    const taken = new Map<number, number>();
    for (let chunk = 0; chunk < 12; chunk += 1) {
      const { startsAt, tokens } = reservationOf(await budget.acquire(org, 250, null, NOW));
      taken.set(startsAt, (taken.get(startsAt) ?? 0) + tokens);
    }
    const start = NOW - (NOW % MINUTE);
    expect(taken.get(start)).toBe(970);
    expect(taken.get(start + MINUTE)).toBe(900);
    expect([...taken.keys()].every((each) => each % MINUTE === 0)).toBe(true);
  });

  test('is never overdrawn by workers that reserve at once', async () => {
    const { org, anotherWorker } = aBudget(open);
    const workers = Array.from({ length: 40 }, anotherWorker);
    const permits = await Promise.all(workers.map((worker) => worker.acquire(org, 60, null, NOW)));
    const taken = new Map<number, number>();
    for (const { startsAt, tokens } of permits.map(reservationOf))
      taken.set(startsAt, (taken.get(startsAt) ?? 0) + tokens);
    for (const [startsAt, tokens] of taken) expect(tokens).toBeLessThanOrEqual(startsAt === START ? 970 : 900);
  });

  test('keeps organisations apart', async () => {
    const { org, budget } = aBudget(open);
    for (let chunk = 0; chunk < 4; chunk += 1) await budget.acquire(`${org}-large`, 250, null, NOW);
    expect(reservationOf(await budget.acquire(org, 10, null, NOW)).startsAt).toBe(NOW - (NOW % MINUTE));
  });

  test('takes nothing more for a reservation held for a later window', async () => {
    const { org, budget } = aBudget(open);
    for (let chunk = 0; chunk < 4; chunk += 1) await budget.acquire(org, 250, null, NOW);
    const held = reservationOf(await budget.acquire(org, 250, null, NOW));
    expect(held.startsAt).toBeGreaterThan(NOW);
    expect(await budget.acquire(org, 250, held, held.startsAt + 2_000)).toMatchObject({
      halfOpen: false,
      taken: false,
      reservation: held,
    });
  });

  test('says that the budget is tight when the window before was nearly used up', async () => {
    const { org, budget } = aBudget(open);
    expect(reservationOf(await budget.acquire(org, 100, null, NOW)).tight).toBe(false);
    for (let chunk = 0; chunk < 4; chunk += 1) await budget.acquire(org, 250, null, NOW);
    expect(reservationOf(await budget.acquire(org, 10, null, NOW + MINUTE)).tight).toBe(true);
    expect(reservationOf(await budget.acquire(org, 10, null, NOW + MINUTE)).tight).toBe(true);
  });

  test('takes back what was not used', async () => {
    const { org, budget } = aBudget(open);
    const first = granted(await budget.acquire(org, 970, null, NOW));
    await budget.release(org, first.reservation, 500);
    expect(reservationOf(await budget.acquire(org, 400, null, NOW)).startsAt).toBe(first.reservation.startsAt);
  });

  test('lets nothing out of a window after a 429, and goes on with the next', async () => {
    const { org, budget } = aBudget(open);
    const first = granted(await budget.acquire(org, 10, null, NOW));
    const headers = { limit: 1000, remaining: 0, resetAt: first.reservation.endsAt };
    await budget.record(org, first, { ...NOTHING, headers, rateLimited: true }, NOW);
    expect(reservationOf(await budget.acquire(org, 10, null, NOW)).startsAt).toBe(first.reservation.endsAt);
  });

  test('follows X-RateLimit-Reset: reservations move with their windows', async () => {
    const { org, budget } = aBudget(open);
    const first = granted(await budget.acquire(org, 970, null, NOW));
    const held = reservationOf(await budget.acquire(org, 500, null, NOW));
    const resetAt = NOW + 25_000;
    await budget.record(org, first, shown({ limit: 1000, remaining: 30, resetAt }, 970), NOW);
    expect(granted(await budget.acquire(org, 500, held, NOW))).toMatchObject({
      taken: false,
      reservation: { ...held, startsAt: resetAt, endsAt: resetAt + MINUTE },
    });
  });

  test('tells the other workers at once where a window ends', async () => {
    const { org, budget, ledgers } = aBudget(open);
    const first = granted(await budget.acquire(org, 10, null, NOW));
    const headers = { limit: 1000, remaining: 999, resetAt: NOW + 25_000 };
    await budget.learn(org, first, { endpoint: 'request', headers, callsMade: 1 }, NOW);
    expect((await ledgers.read(org)).anchor).toEqual({ window: WINDOW, endsAt: NOW + 25_000, isTold: true });
  });

  test('does not stop at a 429 whose reset lies just within one of our windows', async () => {
    const { org, budget } = aBudget(open);
    const first = granted(await budget.acquire(org, 10, null, NOW));
    const headers = { limit: 1000, remaining: 0, resetAt: first.reservation.endsAt + 1_500 };
    await budget.record(org, first, { ...NOTHING, headers, rateLimited: true }, NOW);
    expect(reservationOf(await budget.acquire(org, 10, null, NOW)).startsAt).toBe(first.reservation.endsAt);
  });

  test.each([
    ['milliseconds', 1_800_000_000_000_000],
    ['a delta', 37_000],
  ])('does not believe a reset that is given in another unit: %s', async (_, resetAt) => {
    const { org, budget } = aBudget(open);
    const first = granted(await budget.acquire(org, 10, null, NOW));
    await budget.record(org, first, { ...NOTHING, headers: { ...NO_HEADERS, resetAt }, rateLimited: true }, NOW);
    expect(reservationOf(await budget.acquire(org, 10, null, NOW)).startsAt).toBe(first.reservation.endsAt);
  });

  test('learns that the windows are longer, and reservations wait for theirs', async () => {
    const { org, budget } = aBudget(open);
    const first = granted(await budget.acquire(org, 970, null, NOW));
    const held = reservationOf(await budget.acquire(org, 500, null, NOW));
    const resetAt = START + 5 * MINUTE;
    await budget.record(org, first, shown({ ...NO_HEADERS, resetAt }, 970), NOW);
    const next = reservationOf(await budget.acquire(org, 500, held, NOW));
    expect(next).toEqual({ ...held, startsAt: resetAt, endsAt: resetAt + (resetAt - NOW) });
  });

  test('counts the calls of others with the same credentials, as the headers show them', async () => {
    const { org, budget, ledgers } = aBudget(open);
    const first = granted(await budget.acquire(org, 100, null, NOW));
    const headers = { limit: 1000, remaining: 200, resetAt: first.reservation.endsAt };
    await budget.record(org, first, shown(headers, 100), NOW);
    expect(reservationOf(await budget.acquire(org, 500, null, NOW)).tokens).toBe(170);
    expect((await ledgers.read(org)).otherCalls).toEqual(new Map([[WINDOW, 700]]));
  });

  test('does not give back what others have used with what was not used', async () => {
    const { org, budget } = aBudget(open);
    const first = granted(await budget.acquire(org, 250, null, NOW));
    // FinPro has counted 50 of our calls and 600 of the client's own.
    await budget.record(org, first, shown({ limit: 1000, remaining: 350, resetAt: first.reservation.endsAt }, 50), NOW);
    await budget.release(org, first.reservation, 200);
    expect(reservationOf(await budget.acquire(org, 500, null, NOW)).tokens).toBe(320);
  });

  test('looks at nothing where an answer says what is known', async () => {
    const { org, budget, calls } = aBudget(open);
    const first = granted(await budget.acquire(org, 100, null, NOW));
    calls.length = 0;
    const headers = { limit: 1000, remaining: 900, resetAt: first.reservation.endsAt };
    await budget.record(org, first, shown(headers, 100), NOW);
    expect(calls).toEqual([]);
  });

  test('writes nothing for calls that another worker of ours has made since', async () => {
    const { org, budget: one, calls, anotherWorker } = aBudget(open);
    const other = anotherWorker();
    const first = granted(await one.acquire(org, 100, null, NOW));
    await other.acquire(org, 300, null, NOW);
    calls.length = 0;
    const headers = { limit: 1000, remaining: 600, resetAt: first.reservation.endsAt };
    await one.record(org, first, shown(headers, 100), NOW);
    expect(calls).toEqual(['read']);
    await one.record(org, first, shown({ ...headers, remaining: 599 }, 100), NOW);
    expect(calls).toEqual(['read', 'read', 'count-others']);
  });

  test('forgets windows gone by, some at a time: an expression has at most 4 KB', async () => {
    const { org, budget, ledgers } = aBudget(open);
    // An organisation's backlog of 300 windows, in which nobody came while its circuit was open.
    await ledgers.read(org);
    for (let window = 0; window < 300; window += 1) {
      const room = new Map([[WINDOW + window, { capacity: 970, others: 0 }]]);
      await ledgers.apply(org, {
        kind: 'take',
        tokens: 1,
        room,
        gone: [],
        seen: aLedger().anchor,
        epoch: 0,
        blockedUntil: 0,
      });
    }
    const later = NOW + 5_000 * MINUTE;
    const kept: number[] = [];
    for (let takes = 0; takes < 7; takes += 1) {
      expect((await budget.acquire(org, 1, null, later)).granted).toBe(true);
      kept.push((await ledgers.read(org)).taken.size - 1);
    }
    expect(kept).toEqual([250, 200, 150, 100, 50, 0, 0]);
  });

  test('grants what a very small limit allows', async () => {
    const limited = readSettings({ UPSTREAM_LIMIT: '20' });
    const stores = { memory: memoryLedgers(limited), DynamoDB: dynamoDbLedgers(table, table, limited) };
    const { org, budget } = aBudget(() => stores[name]);
    const tokens: number[] = [];
    for (let chunk = 0; chunk < 3; chunk += 1) {
      tokens.push(reservationOf(await budget.acquire(org, 250, null, NOW)).tokens);
    }
    expect(tokens).toEqual([19, 18, 18]);
  });

  test('believes the limit in the headers', async () => {
    const { org, budget } = aBudget(open);
    const first = granted(await budget.acquire(org, 10, null, NOW));
    await budget.record(org, first, shown({ ...NO_HEADERS, limit: 100 }, 10), NOW);
    expect(reservationOf(await budget.acquire(org, 200, first.reservation, NOW))).toMatchObject({
      window: WINDOW,
      tokens: 87,
      epoch: 1,
    });
  });
});

describe('a budget', () => {
  test('gives up for a moment when other workers were faster, time and again', async () => {
    const { org, budget, calls } = aBudget(() => ({ ...STORES.memory(), apply: async () => null }));
    const waitUntil = NOW + settings.waitStep;
    expect(await budget.acquire(org, 10, null, NOW)).toEqual({ granted: false, waitUntil });
    expect(calls.filter((call) => call === 'take')).toHaveLength(25);
    calls.length = 0;
    expect(await budget.acquireForClient(org, NOW)).toEqual({ granted: false, because: 'used-up', until: waitUntil });
    expect(calls.filter((call) => call === 'take')).toHaveLength(25);
  });

  test('comes again after a window when a day of them is full', async () => {
    const taken = new Map(Array.from({ length: 1500 }, (_, index) => [WINDOW + index, 1000]));
    const { org, budget } = aBudget(() => ({ ...STORES.memory(), read: async () => aLedger({ taken }) }));
    expect(await budget.acquire(org, 10, null, NOW)).toEqual({ granted: false, waitUntil: NOW + MINUTE });
  });

  test('that was answered 429 without a reset waits for the end of the window, and a moment at least', async () => {
    const { org, budget, ledgers } = aBudget(STORES.memory);
    const permit = granted(await budget.acquire(org, 10, null, NOW));
    const { endsAt } = permit.reservation;
    await budget.record(org, permit, { ...NOTHING, rateLimited: true }, NOW);
    expect((await ledgers.read(org)).blockedUntil).toBe(endsAt);
    await budget.record(org, permit, { ...NOTHING, rateLimited: true }, endsAt);
    expect((await ledgers.read(org)).blockedUntil).toBe(endsAt + settings.waitStep);
  });

  test('learns up to three things from one answer', async () => {
    let told = 0;
    const store: LedgerStore = {
      ...memoryLedgers(readSettings({})),
      read: async () => aLedger(),
      apply: async () => {
        told += 1;
        return aLedger();
      },
    };
    const { org, budget } = aBudget(() => store);
    const permit = granted(await budget.acquire(org, 10, null, NOW));
    told = 0;
    const headers = { ...NO_HEADERS, limit: 2000 };
    await budget.learn(org, permit, { endpoint: 'status', headers, callsMade: 1 }, NOW);
    expect(told).toBe(3);
  });
});

describe.each(Object.entries(STORES))('the circuit, in a ledger in %s', (_, open) => {
  test('opens when workers together fail to reach the upstream five times in a row', async () => {
    const { org, budget: one, anotherWorker } = aBudget(open);
    const other = anotherWorker();
    const permit = granted(await one.acquire(org, 10, null, NOW));
    const failed = (weight: number): CallOutcomes => ({ ...NOTHING, failures: { weight, afterAnswer: false } });
    expect(await one.record(org, permit, failed(6), NOW)).toBe(false);
    expect(await other.record(org, permit, failed(4), NOW)).toBe(true);
    expect(await one.acquire(org, 10, null, NOW)).toEqual({ granted: false, waitUntil: NOW + MINUTE });
  });

  test('stays closed when an answer came in between', async () => {
    const { org, budget } = aBudget(open);
    const permit = granted(await budget.acquire(org, 10, null, NOW));
    await budget.record(org, permit, { ...NOTHING, failures: { weight: 6, afterAnswer: false } }, NOW);
    await budget.record(org, permit, { ...NOTHING, failures: { weight: 6, afterAnswer: true } }, NOW);
    expect(await budget.acquire(org, 10, null, NOW)).toMatchObject({ granted: true });
  });

  test('counts anew from calls on that were all answered', async () => {
    const { org, budget, calls } = aBudget(open);
    const failed = { ...NOTHING, failures: { weight: 6, afterAnswer: false } };
    await budget.record(org, granted(await budget.acquire(org, 10, null, NOW)), failed, NOW);
    const permit = granted(await budget.acquire(org, 10, null, NOW));
    expect(await budget.record(org, permit, NOTHING, NOW)).toBe(false);
    expect(await budget.record(org, permit, failed, NOW)).toBe(false);
    await budget.record(org, permit, NOTHING, NOW);
    calls.length = 0;
    // Where no failure is known there is nothing to write.
    expect(await budget.record(org, granted(await budget.acquire(org, 10, null, NOW)), NOTHING, NOW)).toBe(false);
    expect(calls).toEqual(['read', 'take']);
  });

  test('opens once, and stays open for longer when it is to open again', async () => {
    const { org, budget, calls } = aBudget(open);
    const permit = granted(await budget.acquire(org, 10, null, NOW));
    calls.length = 0;
    expect(await budget.record(org, permit, { ...NOTHING, circuit: 'open' }, NOW)).toBe(true);
    expect(calls).toEqual(['open-circuit']);
    expect(await budget.record(org, permit, { ...NOTHING, circuit: 'open' }, NOW + 30_000)).toBe(false);
    expect(await budget.acquire(org, 10, null, NOW + MINUTE)).toEqual({
      granted: false,
      waitUntil: NOW + 30_000 + MINUTE,
    });
  });

  test('is tried by one worker at a time, and closed by a half-open call that went well', async () => {
    const { org, budget: one, anotherWorker } = aBudget(open);
    const workers = [one, ...Array.from({ length: 4 }, anotherWorker)];
    const permit = granted(await one.acquire(org, 10, null, NOW));
    await one.record(org, permit, { ...NOTHING, circuit: 'open' }, NOW);
    expect(await one.acquire(org, 10, null, NOW + 1_000)).toEqual({ granted: false, waitUntil: NOW + MINUTE });

    const later = NOW + MINUTE;
    const permits = await Promise.all(workers.map((worker) => worker.acquire(org, 10, null, later)));
    const halfOpen = permits.filter((permit) => permit.granted);
    expect(halfOpen).toHaveLength(1);
    expect(halfOpen[0]).toMatchObject({
      halfOpen: true,
      taken: false,
      reservation: {
        window: WINDOW + 1,
        startsAt: later - 2_000,
        endsAt: later + MINUTE + 2_000,
        tokens: 1,
        tight: false,
        epoch: 0,
      },
    });

    await one.record(org, permit, { ...NOTHING, circuit: 'close' }, later);
    expect(await one.acquire(org, 10, null, later)).toMatchObject({ granted: true, halfOpen: false });
  });
});

describe.each(Object.entries(STORES))("a client's call, over a ledger in %s", (_, open) => {
  const small = { UPSTREAM_LIMIT: '1000' };

  test('takes what chunks have left of the window, and no more, however many come at once', async () => {
    const { org, budget, ledgers, anotherWorker } = aBudget(open, small);
    expect(reservationOf(await budget.acquire(org, 2500, null, NOW)).tokens).toBe(970);
    const workers = Array.from({ length: 40 }, anotherWorker);
    const permits = await Promise.all(workers.map((worker) => worker.acquireForClient(org, NOW)));
    expect(permits.filter((permit) => permit.granted).length).toBeLessThanOrEqual(30);
    const until = START + MINUTE + 2_000;
    for (let more = 0; more < 40; more += 1) await budget.acquireForClient(org, NOW);
    expect(await budget.acquireForClient(org, NOW)).toEqual({ granted: false, because: 'used-up', until });
    expect((await ledgers.read(org)).taken).toEqual(new Map([[WINDOW, 1000]]));
  });

  test('has a reservation of one token in the present window', async () => {
    const { org, budget } = aBudget(open);
    expect(await budget.acquireForClient(org, NOW)).toMatchObject({
      granted: true,
      halfOpen: false,
      taken: true,
      reservation: { window: WINDOW, startsAt: START, endsAt: START + MINUTE, tokens: 1, tight: false, epoch: 0 },
    });
  });

  test('is counted in both windows near their boundary, and windows gone by are forgotten', async () => {
    const { org, budget, ledgers } = aBudget(open);
    await budget.acquireForClient(org, NOW - 3 * MINUTE);
    await budget.acquireForClient(org, START - 1);
    expect((await ledgers.read(org)).taken).toEqual(
      new Map([
        [WINDOW - 1, 1],
        [WINDOW, 1],
      ]),
    );
  });

  test('teaches the ledger what the headers say, as those of chunks do', async () => {
    const { org, budget, ledgers } = aBudget(open);
    const permit = granted(await budget.acquireForClient(org, NOW));
    const headers = { limit: 1000, remaining: 200, resetAt: START + MINUTE };
    await budget.record(org, permit, shown(headers, 1), NOW);
    expect((await ledgers.read(org)).otherCalls).toEqual(new Map([[WINDOW, 799]]));
  });

  test('does not go out while the circuit is open, and leaves it to the workers to try it when it is time', async () => {
    const { org, budget, anotherWorker } = aBudget(open);
    const permit = granted(await budget.acquireForClient(org, NOW));
    expect(await budget.record(org, permit, { ...NOTHING, circuit: 'open' }, NOW)).toBe(true);
    expect(await budget.acquireForClient(org, NOW)).toEqual({
      granted: false,
      because: 'circuit-open',
      until: NOW + MINUTE,
    });
    for (const each of [budget, anotherWorker(), anotherWorker()]) {
      expect(await each.acquireForClient(org, NOW + MINUTE)).toMatchObject({ granted: true, halfOpen: false });
    }
    expect(await budget.acquire(org, 10, null, NOW + MINUTE)).toMatchObject({ granted: true, halfOpen: true });
  });
});
