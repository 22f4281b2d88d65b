import { describe, expect, test } from 'vitest';
import { accountsOf, drawnAccountCount } from '#simulator/accounts.ts';
import { counterpartOf, isGuid } from '#simulator/guid.ts';
import { readinessSeconds } from '#simulator/readiness.ts';
import { consentNumber } from './caller.ts';
import { runningSimulator, START } from './running-simulator.ts';

const simulator = runningSimulator(0.1);
const ids = Array.from({ length: 10_000 }, (_, number) => consentNumber(number));

describe('what is drawn by the hash of a consent id', () => {
  test('readiness times have a median of 15 s and a long tail that ends at 240 s', () => {
    const seconds = ids.map(readinessSeconds).sort((one, other) => one - other);
    expect(seconds[5000]).toBeGreaterThan(14);
    expect(seconds[5000]).toBeLessThan(16);
    // A lognormal's 90th percentile at sigma 1.2 is 4.65 medians.
    expect(seconds[9000]).toBeGreaterThan(64);
    expect(seconds[9000]).toBeLessThan(76);
    expect(seconds.at(-1)).toBe(240);
    expect(seconds[9850]).toBeLessThan(240);
  });

  test('one to three accounts, the same in either case of the id', () => {
    const counts = ids.map(drawnAccountCount);
    expect([...new Set(counts)].sort()).toEqual([1, 2, 3]);
    const id = 'abcdef00-0000-4000-8000-00000000abcd';
    expect(accountsOf(id.toUpperCase(), 3)).toEqual(accountsOf(id, 3));
    expect(accountsOf(id, 3).slice(0, 2)).toEqual(accountsOf(id, 2));
    expect(new Set(accountsOf(id, 3).map(({ linkRefNumber }) => linkRefNumber)).size).toBe(3);
  });

  test('a handle leads back to its consent', () => {
    const id = '84001bb6-b1d0-4443-aeff-dd482255a058';
    expect(isGuid(counterpartOf(id))).toBe(true);
    expect(counterpartOf(id)).not.toBe(id);
    expect(counterpartOf(counterpartOf(id.toUpperCase()))).toBe(id);
  });
});

test('drawn and set readiness times are multiplied by the time scale', async () => {
  const caller = simulator.caller();
  const [drawn = '', set = ''] = ids;
  await caller.consent(set, { scenario: 'ready', readyAfterSeconds: 30 });
  await caller.open(drawn);
  await caller.open(set);
  const ready = { data: { eventStatus: 'DATA_READY' } };
  const pending = { data: { eventStatus: 'PENDING' } };

  simulator.now = START + readinessSeconds(drawn) * 100 - 1;
  expect((await caller.status({ consentId: drawn })).body).toMatchObject(pending);
  simulator.now += 2;
  expect((await caller.status({ consentId: drawn })).body).toMatchObject(ready);

  simulator.now = START + 2999;
  expect((await caller.status({ consentId: set })).body).toMatchObject(pending);
  simulator.now = START + 3000;
  expect((await caller.status({ consentId: set })).body).toMatchObject(ready);
});
