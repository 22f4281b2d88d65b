import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Environment, startEnvironment } from '#local/environment.ts';
import { type BatchStatus, guidOf, Product } from './product.ts';
import { sharedAssembly } from './shared-assembly.ts';

const TIME_SCALE = 0.02;
const SCALED_MINUTE = 60_000 * TIME_SCALE;
const ROWS = 10_000;
/** Of the simulator's own limit, 1,000 calls a scaled minute, those that are full speed. */
const FULL_SPEED = 850;

const stats = z.object({
  fiRequests: z.number(),
  statusCalls: z.number(),
  rejected429: z.number(),
  windowsOverLimit: z.number(),
});

let environment: Environment;
let large: Product;
let small: Product;
beforeAll(async () => {
  environment = await startEnvironment({
    timeScale: TIME_SCALE,
    environment: { BALANCES: 'off' },
    assembly: await sharedAssembly(),
  });
  large = new Product(environment.endpoints, environment.tenants[0]);
  small = new Product(environment.endpoints, environment.tenants[1]);
});
afterAll(() => environment.close());

const consentsOf = (name: string, rows: number) =>
  Array.from({ length: rows }, (_, row) => ({ consent_id: guidOf(`${name}-${row}`) }));
const terminal = ({ summary }: BatchStatus): number => summary.completed + summary.failed;
const upstream = async () => stats.parse(await large.control('GET', '/_sim/stats'));

/** A watch that checks each answer about a batch against those before. */
function exactCounters(): (status: BatchStatus) => void {
  let before = 0;
  return (status) => {
    const { total, ready, in_progress, completed, failed } = status.summary;
    expect(ready + in_progress + completed + failed).toBe(total);
    expect(terminal(status)).toBeGreaterThanOrEqual(before);
    before = terminal(status);
  };
}

/** Polls a batch until so many of its rows are terminal. */
async function reached(product: Product, referenceId: string, rows: number): Promise<BatchStatus> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const status = await product.status(referenceId, { limit: 1 });
    if (terminal(status) >= rows) return status;
    await wait(100);
  }
  throw new Error(`${referenceId} has not come to ${rows} rows`);
}

/** How long the upstream takes from now on until it has had full speed for a scaled minute, in scaled minutes; for information only. */
async function timeToFullSpeed(): Promise<string> {
  const startedAt = performance.now();
  const samples: { at: number; calls: number }[] = [];
  while (performance.now() - startedAt < 15 * SCALED_MINUTE) {
    const { fiRequests, statusCalls } = await upstream();
    const now = { at: performance.now() - startedAt, calls: fiRequests + statusCalls };
    samples.push(now);
    const then = samples.findLast(({ at }) => at <= now.at - SCALED_MINUTE);
    if (then && (now.calls - then.calls) * (SCALED_MINUTE / (now.at - then.at)) >= FULL_SPEED) {
      return `full speed from ${(then.at / SCALED_MINUTE).toFixed(1)} scaled minutes on`;
    }
    await wait(50);
  }
  return 'no full speed within 15 scaled minutes, on a machine that may be busy';
}

describe('10,000 rows under the default limit of the upstream', () => {
  test('do not keep ten rows of another organisation waiting', async () => {
    const [many, few] = [consentsOf('large', ROWS), consentsOf('small', 10)];
    const path = '/v2/schedule/fi/requests';
    expect((await large.post(path, { reference_id: 'large', consents_list: many })).status).toBe(200);
    expect((await small.post(path, { reference_id: 'small', consents_list: few })).status).toBe(200);
    await reached(small, 'small', 1);
    expect(terminal(await large.status('large', { limit: 1 }))).toBeLessThan(ROWS / 10);
  }, 120_000);

  test('lose no row to half an hour without the upstream in the middle', async () => {
    await reached(large, 'large', ROWS / 10);
    await large.control('PUT', '/_sim/faults', { down: true });
    await wait(30 * SCALED_MINUTE);
    const { summary } = await large.status('large', { limit: 1 });
    expect(summary.failed).toBe(0);
    expect(summary.completed).toBeLessThan(ROWS);

    await large.control('PUT', '/_sim/faults', { down: false });
    const [speed, status] = await Promise.all([
      timeToFullSpeed(),
      large.finished('large', 180, exactCounters()),
      small.finished('small', 180, exactCounters()),
    ]);
    console.log(`After 30 scaled minutes of outage: ${speed}`);
    expect(status.summary).toEqual({ total: ROWS, ready: 0, in_progress: 0, completed: ROWS, failed: 0 });
    expect((await small.status('small')).summary).toMatchObject({ total: 10, completed: 10 });
  }, 360_000);

  test('have kept the limit in every window, with one FI request a row', async () => {
    const { fiRequests, rejected429, windowsOverLimit } = await upstream();
    expect({ fiRequests, rejected429, windowsOverLimit }).toEqual({
      fiRequests: ROWS + 10,
      rejected429: 0,
      windowsOverLimit: 0,
    });
  });

  test('have made no function fail', () => {
    const { functions } = environment.cloud.meter.read();
    expect(Object.entries(functions).filter(([, { errors }]) => errors > 0)).toEqual([]);
  });
});
