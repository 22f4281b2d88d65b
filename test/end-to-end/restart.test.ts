import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { ProductProcess } from '#cli/product-process.ts';
import { type Simulator, startSimulator } from '#simulator/server.ts';
import { ExactCounters, terminalRows } from './exact-counters.ts';
import { Leftovers } from './leftovers.ts';
import { guidOf, Product } from './product.ts';
import { sharedAssembly } from './shared-assembly.ts';

/**
 * `kill -9` of the whole local cloud at random moments of a batch: once here, and in full by hand:
 *
 *     KILLS=10 ROWS=10000 npx vitest run test/end-to-end/restart.test.ts
 *
 * It prints when it killed; `SEED` (1 unless set) picks the moments. Nobody waits for leases of the dead, since the local cloud ends them
 * when it starts; that leases run out by themselves is in `dead-workers.test.ts`.
 */
const { KILLS, ROWS, SEED } = z
  .object({
    KILLS: z.coerce.number().int().min(1).default(1),
    ROWS: z.coerce.number().int().min(1).max(10_000).default(2_000),
    SEED: z.string().default('1'),
  })
  .parse(process.env);

const TIME_SCALE = 0.02;
const REFERENCE = 'killed-in-the-middle';
/** In seconds; for one stretch between two kills. */
const LONGEST_STRETCH = 240;

const stats = z.object({ fiRequests: z.number(), rejected429: z.number(), windowsOverLimit: z.number() });

/** From 0 up to, but not, 1. */
const chance = (name: string): number =>
  createHash('sha256').update(`${SEED} ${name}`).digest().readUInt32BE(0) / 2 ** 32;

/**
 * When to kill: a while after the batch has come so far. A share below a half is in the middle of the FI requests, of which those under way then
 * have an answer that is lost.
 */
const moments = Array.from({ length: KILLS }, (_, kill) => ({
  share: chance(`moment ${kill}`),
  milliseconds: Math.floor(300 * chance(`wait ${kill}`)),
})).toSorted((one, other) => one.share - other.share);

let simulator: Simulator;
let stateDir: string;
let cloud: ProductProcess;

beforeEach(async () => {
  simulator = await startSimulator({ port: 0, timeScale: TIME_SCALE });
  stateDir = await mkdtemp(join(tmpdir(), 'restart-'));
  cloud = new ProductProcess(stateDir, {
    SIMULATOR_PORT: String(simulator.port),
    TIME_SCALE: String(TIME_SCALE),
    ASSEMBLY: (await sharedAssembly()).directory,
  });
});
afterEach(async () => {
  await cloud.kill();
  await simulator.close();
  await rm(stateDir, { recursive: true, force: true });
});

const upstream = async (product: Product) => stats.parse(await product.control('GET', '/_sim/stats'));

/** Polls the batch until this share is done of its FI requests and of its rows, taken together; resolves to what is. */
async function reached(product: Product, share: number, counters: ExactCounters): Promise<string> {
  const giveUpAt = performance.now() + LONGEST_STRETCH * 1_000;
  for (;;) {
    const check = counters.asked();
    const status = await product.status(REFERENCE, { limit: 1 });
    check(status);
    const { fiRequests } = await upstream(product);
    const terminal = terminalRows(status);
    const done = `${fiRequests} FI requests, ${terminal} of ${ROWS} rows terminal`;
    if (Math.min(fiRequests, ROWS) + terminal >= share * 2 * ROWS) return done;
    if (performance.now() > giveUpAt) throw new Error(`the batch does not get on: ${done}`);
    await wait(100);
  }
}

test(
  `a batch of ${ROWS} rows whose whole cloud is killed (${KILLS} times) completes, with one FI request a row`,
  async () => {
    const counters = new ExactCounters(ROWS);
    const consents = Array.from({ length: ROWS }, (_, row) => guidOf(`restart-${row}`));
    let endpoints = await cloud.start();
    let product = new Product(endpoints, endpoints.tenants[0]);
    const accepted = await product.post('/v2/schedule/fi/requests', {
      reference_id: REFERENCE,
      consents_list: consents.map((consent_id) => ({ consent_id })),
    });
    expect(accepted.status).toBe(200);

    for (const { share, milliseconds } of moments) {
      const done = await reached(product, share, counters);
      await wait(milliseconds);
      await cloud.kill();
      console.log(`Killed ${milliseconds} ms after: ${done}`);
      endpoints = await cloud.start();
      product = new Product(endpoints, endpoints.tenants[0]);
    }
    await reached(product, 1, counters);
    console.log(`The counters were exact in ${counters.answers} answers`);

    const { summary } = await product.status(REFERENCE, { limit: 1 });
    expect(summary).toEqual({ total: ROWS, ready: 0, in_progress: 0, completed: ROWS, failed: 0 });
    expect(new Set(await product.fiRequestsFor(consents))).toEqual(new Set([1]));
    expect(await upstream(product)).toEqual({
      fiRequests: ROWS,
      rejected429: 0,
      windowsOverLimit: 0,
    });
    const leftovers = new Leftovers(endpoints);
    await leftovers.expectNone(product.tenant.organisationId, REFERENCE);
    expect(await leftovers.deadLetters()).toEqual([]);
    leftovers.close();
  },
  (KILLS + 1) * LONGEST_STRETCH * 1_000,
);
