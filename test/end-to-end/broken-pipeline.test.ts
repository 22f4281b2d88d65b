import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Environment, startEnvironment } from '#local/environment.ts';
import { eventually } from './backstage.ts';
import { ExactCounters, terminalRows } from './exact-counters.ts';
import { Leftovers } from './leftovers.ts';
import { PipelineFaults } from './pipeline-faults.ts';
import { guidOf, Product } from './product.ts';
import { sharedAssembly } from './shared-assembly.ts';
import { StatusLoad } from './status-load.ts';

/**
 * Of the product's waits only the visibility timeout of the chunk queue (six minutes) is scaled by this: five deliveries of a message are to
 * fit into the test. The waits below are longer than the scale would have them, for a machine that has other things to do.
 */
const TIME_SCALE = 0.005;
const CHUNK_ROWS = 100;
const ROWS = 15 * CHUNK_ROWS;
const REFERENCE = 'broken-in-every-way';
/** The last in the queue, so that nothing is done for it before it is poisoned. */
const POISONED = ROWS / CHUNK_ROWS - 1;
/** About 170 calls a second, which stretches the batch over a while. */
const LIMIT = { limit: 600, windowSeconds: 3.6 };
/** A call that leaves before the end of a window is to arrive in it, also where others have the processor for a while. */
const CLOCK_SKEW_SECONDS = '0.3';

const stats = z.object({ fiRequests: z.number(), rejected429: z.number(), windowsOverLimit: z.number() });
const acceptance = z.object({ data: z.object({ batch_id: z.string() }) });

const consents = Array.from({ length: ROWS }, (_, row) => guidOf(`broken-${row}`));
const counters = new ExactCounters(ROWS);

let environment: Environment;
let product: Product;
let faults: PipelineFaults;
let leftovers: Leftovers;
let organisationId: string;
let batchId: string;
let heal: () => Promise<void>;

beforeAll(async () => {
  environment = await startEnvironment({
    timeScale: TIME_SCALE,
    assembly: await sharedAssembly(),
    environment: {
      CHUNK_ROWS: String(CHUNK_ROWS),
      BALANCES: 'off',
      RECOVERY_GRACE_SECONDS: '0.7',
      CLOCK_SKEW_SECONDS,
      UPSTREAM_LIMIT: String(LIMIT.limit),
      UPSTREAM_WINDOW_SECONDS: String(LIMIT.windowSeconds),
    },
  });
  product = new Product(environment.endpoints, environment.tenants[0]);
  organisationId = product.tenant.organisationId;
  faults = new PipelineFaults(environment.endpoints);
  leftovers = new Leftovers(environment.endpoints);
  const rateLimit = { ...LIMIT, windowSeconds: LIMIT.windowSeconds / TIME_SCALE };
  await product.control('PUT', '/_sim/faults', { rateLimit });
});
afterAll(async () => {
  faults.close();
  leftovers.close();
  await environment.close();
});

/** Polls the batch until so many of its rows are terminal. */
async function reached(rows: number): Promise<void> {
  let seen = -1;
  const isReached = async (): Promise<boolean> => {
    const check = counters.asked();
    const status = await product.status(REFERENCE, { limit: 1 });
    check(status);
    seen = terminalRows(status);
    return seen >= rows;
  };
  await eventually(isReached, `the batch has not come to ${rows} rows`).catch((error: unknown) => {
    throw new Error(`${seen} of ${rows} rows are terminal`, { cause: error });
  });
}

describe('a batch outlives', () => {
  test('a poisoned chunk and a purged queue, right after it was accepted', async () => {
    const consents_list = consents.map((consent_id) => ({ consent_id }));
    const body = { reference_id: REFERENCE, consents_list };
    const answer = await product.post('/v2/schedule/fi/requests', body);
    expect(answer.status).toBe(200);
    batchId = acceptance.parse(answer.body).data.batch_id;
    heal = await faults.poison(organisationId, batchId, POISONED);

    const waiting = await leftovers.messages();
    await faults.purgeQueue();
    expect(waiting).toBeGreaterThan(0);
  });

  test('all its executions aborted in the middle, while it is asked for its status up to forty times a second', async () => {
    const load = new StatusLoad(product, REFERENCE, counters).run(8, 40);
    const abort = async (): Promise<number> => {
      await reached(ROWS / 5);
      return faults.abortExecutions();
    };
    const [perSecond, aborted] = await Promise.all([load, abort()]);
    console.log(`${aborted} executions aborted; ${perSecond.toFixed(0)} status calls a second were answered`);
    expect(aborted).toBeGreaterThan(0);
  });

  test('and completes, but for the poisoned rows, whose message ends in the dead-letter queue', async () => {
    await reached(ROWS);
    const dead: unknown[] = [];
    const isThere = async (): Promise<boolean> => {
      dead.push(...(await leftovers.deadLetters()));
      return dead.length > 0;
    };
    await eventually(isThere, 'no message has come to the dead-letter queue');
    // The last generation: the sixth where the first stall was in a time without other workers.
    const last = [5, 6].map((generation) => ({
      organisationId,
      referenceId: REFERENCE,
      batchId,
      chunk: POISONED,
      generation,
    }));
    expect(last).toEqual(expect.arrayContaining([dead.at(-1)]));
    console.log(`The counters were exact in ${counters.answers} answers`);
  });
});

describe('what is left', () => {
  test('are rows of which each was completed, or failed and may be submitted again', async () => {
    await heal();
    const records = await product.records(REFERENCE);
    const endings = records.map(({ id, status, retry_eligible, error }) => [id, status, retry_eligible, error?.code]);
    expect(endings).toEqual(
      consents.map((_, row) =>
        row < POISONED * CHUNK_ROWS
          ? [row + 1, 'COMPLETED', null, undefined]
          : [row + 1, 'FAILED', 'Yes', 'ProcessingFailed'],
      ),
    );
  });

  test('is one FI request a row, none for the poisoned ones, and a limit that was kept in every window', async () => {
    const expected = consents.map((_, row) => (row < POISONED * CHUNK_ROWS ? 1 : 0));
    expect(await product.fiRequestsFor(consents)).toEqual(expected);
    expect(stats.parse(await product.control('GET', '/_sim/stats'))).toEqual({
      fiRequests: POISONED * CHUNK_ROWS,
      rejected429: 0,
      windowsOverLimit: 0,
    });
  });

  test('is no entry of an open batch, no lease, no message and no execution', async () => {
    await leftovers.expectNone(organisationId, REFERENCE);
    const generations = (await leftovers.chunks(organisationId, REFERENCE)).map(({ generation }) => generation);
    console.log(`Generations of the chunks: ${generations.join(' ')}`);
    expect(generations[POISONED]).toBeOneOf([5, 6]);
    // Otherwise nothing was broken: of the others, too, some were queued again.
    expect(generations.filter((generation) => generation > 1).length).toBeGreaterThan(1);
  });
});
