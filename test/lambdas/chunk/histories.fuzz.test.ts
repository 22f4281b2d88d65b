import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countersOf, isTerminal, type Row } from '#lambdas/chunk/row.ts';
import { reportOf } from '#test/world/run.ts';
import type { UnitWorld } from '#test/world/unit-worlds.ts';
import { history, play } from './random-history.ts';

/** Looks at every state that is written: what holds at each moment. */
function watchStates(world: UnitWorld): void {
  const chunks = new Map<number, readonly Row[]>();
  world.storage.chunks.onState = ({ key, rows, version }) => {
    const before = chunks.get(key.chunk);
    chunks.set(key.chunk, rows);
    const counters = Object.values(countersOf(rows));
    expect(counters.every((count) => count >= 0)).toBe(true);
    expect(counters.reduce((sum, count) => sum + count, 0)).toBe(rows.length);
    expect(version).toBeGreaterThan(1);
    for (const [index, row] of rows.entries()) {
      const old = before?.[index];
      // What is terminal stays as it is, so terminal counts never go back.
      if (old && isTerminal(old)) expect(row).toEqual(old);
      expect(row.attempt).toBeGreaterThanOrEqual(old?.attempt ?? 1);
      expect(row.attempt).toBeLessThanOrEqual(4);
      expect(row.eligibility === null).toBe(row.phase !== 'failed');
    }
  };
}

/** The records of a batch with the calls that were made for each consent. */
async function consentsOf(world: UnitWorld) {
  const { records } = await reportOf(world);
  return [...Map.groupBy(records, ({ consent_id }) => consent_id)].map(([consent, held]) => ({
    rows: held.length,
    requests: world.finPro.callsOf(consent, 'request'),
    sessions: world.finPro.sessionsOf(consent),
  }));
}

describe('any history', () => {
  test('ends with every row terminal, counters that add up, and no FI request too many', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (each) => {
        const world = await play(each, watchStates);
        const { counters, records, batch } = await reportOf(world);
        expect(counters).toMatchObject({ READY: 0, IN_PROGRESS: 0 });
        expect(counters.COMPLETED + counters.FAILED).toBe(each.rows.length);
        expect(world.batches.closedAt(batch)).not.toBeNull();
        for (const { status, error, retry_eligible, session_id, consent_id, account_details } of records) {
          expect(error === null).toBe(status === 'COMPLETED');
          expect(retry_eligible === null).toBe(status === 'COMPLETED');
          if (status === 'COMPLETED') expect(world.finPro.sessionsOf(consent_id)).toContain(session_id);
          expect((account_details ?? []).length > 0).toBe(status === 'COMPLETED');
        }
        const held = records.flatMap(({ session_id }) => session_id ?? []);
        expect(new Set(held).size).toBe(held.length);
        for (const { rows, requests, sessions } of await consentsOf(world)) {
          // What the upstream has processed it was asked for once a row; what it may have seen, once an attempt.
          expect(sessions.length).toBeLessThanOrEqual(rows);
          const maybeSeen = requests.filter(({ opened, failure }) => opened || failure?.sent === 'maybe');
          expect(maybeSeen.length).toBeLessThanOrEqual(rows * 4);
          const opened = requests.findIndex((call) => call.opened !== null);
          if (rows === 1 && opened >= 0) expect(requests).toHaveLength(opened + 1);
        }
        expect(world.finPro.overLimit).toEqual([]);
      }),
      { numRuns: 120 },
    );
  });

  test('without crashes and outages sends four FI requests a row at the most', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (each) => {
        const world = await play({ ...each, strikes: [], outages: [] }, watchStates);
        for (const { rows, requests } of await consentsOf(world)) {
          // A refused connection reaches nobody; with the circuit open it costs no attempt.
          const arrived = requests.filter(({ failure }) => failure?.sent !== 'no');
          expect(arrived.length).toBeLessThanOrEqual(rows * 4);
        }
        expect(world.workflow.failed).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});
