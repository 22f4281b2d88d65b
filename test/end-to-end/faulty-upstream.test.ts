import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type Environment, startEnvironment } from '#local/environment.ts';
import { type ApiRecord, guidOf, Product } from './product.ts';
import { sharedAssembly } from './shared-assembly.ts';

const TIME_SCALE = 0.02;
const SCALED_MINUTE = 60_000 * TIME_SCALE;
const ROWS_EACH = 20;

type Ending = Pick<ApiRecord, 'status' | 'retry_eligible'> & { readonly code: string | null };

const COMPLETED: Ending = { status: 'COMPLETED', retry_eligible: null, code: null };
const failed = (retry_eligible: 'Yes' | 'No' | 'YesWithModifications', code: string): Ending => ({
  status: 'FAILED',
  retry_eligible,
  code,
});

/** How a row of a scenario ends (docs/spec/upstream.md, failure table) when FinPro opens a session for it. */
const WITH_SESSION: Readonly<Record<string, Ending>> = {
  ready: COMPLETED,
  partial: COMPLETED,
  onetime: COMPLETED,
  never: failed('Yes', 'DataFetchTimeout'),
  timeout: failed('Yes', 'DataFetchTimeout'),
  denied: failed('No', 'DataDenied'),
};
/** The same where it refuses to. A refusal whose answer is lost leaves no session, so that row is asked for again. */
const REFUSED: Readonly<Record<string, Ending>> = {
  revoked: failed('No', 'ConsentRevoked'),
  expired: failed('No', 'ConsentExpired'),
  paused: failed('Yes', 'ConsentPaused'),
  quota: failed('No', 'InvalidConsentUse'),
  'bad-range': failed('YesWithModifications', 'InvalidDateRange'),
  'bad-config': failed('YesWithModifications', 'InvalidRequest'),
  unknown: failed('No', 'InvalidConsentId'),
  unavailable: failed('Yes', 'ServiceUnavailable'),
};
/** A row whose four attempts have all met with trouble in between. */
const LOST_FOUR_TIMES = failed('Yes', 'UpstreamTimeout');

const SCENARIOS = Object.entries({ ...WITH_SESSION, ...REFUSED });

let stateDir: string;
let environment: Environment;
let product: Product;
beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'faulty-upstream-'));
  environment = await startEnvironment({ timeScale: TIME_SCALE, stateDir, assembly: await sharedAssembly() });
  product = new Product(environment.endpoints, environment.tenants[0]);
});
afterAll(async () => {
  await environment.close();
  await rm(stateDir, { recursive: true, force: true });
});
afterEach(() => {
  const { functions } = environment.cloud.meter.read();
  expect(Object.entries(functions).filter(([, { errors }]) => errors > 0)).toEqual([]);
});

const submit = async (reference_id: string, consents: readonly string[]): Promise<void> => {
  const consents_list = consents.map((consent_id) => ({ consent_id }));
  const { status } = await product.post('/v2/schedule/fi/requests', { reference_id, consents_list });
  expect(status).toBe(200);
};

/** Follows a batch to its end; the counters are exact in every answer on the way. */
const finished = (referenceId: string, rows: number) => {
  let terminal = 0;
  return product.finished(referenceId, 180, ({ summary: { total, ready, in_progress, completed, failed } }) => {
    expect(total).toBe(rows);
    expect(ready + in_progress + completed + failed).toBe(rows);
    expect(completed + failed).toBeGreaterThanOrEqual(terminal);
    terminal = completed + failed;
  });
};

/** A batch of every scenario, followed to its end under the faults: each row with its scenario and the FI requests that FinPro has processed for it. */
async function playUnder(faults: object, referenceId: string) {
  const rows = Array.from({ length: SCENARIOS.length * ROWS_EACH }, (_, row) => {
    const [scenario, expected] = SCENARIOS[row % SCENARIOS.length] ?? ['none', COMPLETED];
    return { consentId: guidOf(`${referenceId}-${row}`), scenario, expected };
  });
  const consents = rows.map(({ consentId, scenario }) => ({ consentId, scenario }));
  await product.control('PUT', '/_sim/consents', { consents });
  await product.control('PUT', '/_sim/faults', faults);
  await submit(
    referenceId,
    rows.map(({ consentId }) => consentId),
  );
  await finished(referenceId, rows.length);
  const records = await product.records(referenceId);
  expect(records.map(({ consent_id }) => consent_id)).toEqual(rows.map(({ consentId }) => consentId));
  const played = records.map(async ({ consent_id, status, retry_eligible, error }, index) => ({
    scenario: rows[index]?.scenario ?? '',
    expected: rows[index]?.expected ?? COMPLETED,
    ending: { status, retry_eligible, code: error?.code ?? null },
    fiRequests: (await product.callsFor(consent_id)).fiRequests,
  }));
  return Promise.all(played);
}

const stats = z.object({
  fiRequests: z.number(),
  statusCalls: z.number(),
  balanceCalls: z.number(),
  rejected429: z.number(),
});
const metrics = z.object({ UpstreamCall: z.union([z.number(), z.array(z.number())]) });

/** The upstream calls that the product has made by its own metrics, in the logs of its functions. */
async function callsMade(): Promise<number> {
  const logs = ['start-chunk', 'advance-chunk'].map((name) =>
    join(stateDir, 'logs', `bulk-data-fetch-dev-${name}.log`),
  );
  const lines = (await Promise.all(logs.map((log) => readFile(log, 'utf8')))).flatMap((log) => log.split('\n'));
  const counts = lines.flatMap((line) => (line.includes('"UpstreamCall":') ? [metrics.parse(JSON.parse(line))] : []));
  return counts.flatMap(({ UpstreamCall }) => UpstreamCall).reduce((sum, count) => sum + count, 0);
}

test('credentials refused in the middle of a batch stop its calls; when they are good again, it ends well', async () => {
  const rows = 750;
  await submit(
    'refused-credentials',
    Array.from({ length: rows }, (_, row) => guidOf(`refused-${row}`)),
  );
  await expect
    .poll(async () => (await product.status('refused-credentials', { limit: 1 })).summary.in_progress, {
      timeout: 60_000,
      interval: 100,
    })
    .toBeGreaterThan(0);
  await product.control('PUT', '/_sim/faults', { unauthorized: true });
  const refusedAt = performance.now();
  await wait(5 * SCALED_MINUTE);
  const { summary } = await product.status('refused-credentials', { limit: 1 });
  expect(summary.failed).toBe(0);
  expect(summary.ready).toBeGreaterThan(0);
  await product.control('PUT', '/_sim/faults', { unauthorized: false });
  const minutes = Math.ceil((performance.now() - refusedAt) / SCALED_MINUTE);

  expect((await finished('refused-credentials', rows)).summary).toMatchObject({ completed: rows, failed: 0 });
  const { fiRequests, statusCalls, balanceCalls, rejected429 } = stats.parse(
    await product.control('GET', '/_sim/stats'),
  );
  expect(fiRequests).toBe(rows);
  // The simulator does not count what it refuses. At most 25 calls are under way in each of four workers, and one call a minute tries.
  const refused = (await callsMade()) - fiRequests - statusCalls - balanceCalls - rejected429;
  expect(refused).toBeGreaterThan(0);
  expect(refused).toBeLessThanOrEqual(4 * 25 + minutes);
}, 300_000);

test('answers that are lost after processing cost no second FI request, and no row ends otherwise than it would have', async () => {
  const rows = await playUnder({ ambiguousRate: 0.3 }, 'lost-answers');
  for (const { scenario, expected, ending, fiRequests } of rows) {
    if (scenario in WITH_SESSION) {
      expect({ scenario, ...ending, fiRequests }).toEqual({ scenario, ...expected, fiRequests: 1 });
    } else {
      expect([expected, LOST_FOUR_TIMES], scenario).toContainEqual(ending);
    }
  }
}, 300_000);

test('errors before processing and answers that are none: every row ends, and what is told of each failure fits', async () => {
  const rows = await playUnder({ ambiguousRate: 0, errorRate: 0.3, garbageRate: 0.1 }, 'errors-and-garbage');
  for (const { scenario, expected, ending, fiRequests } of rows) {
    expect([expected, LOST_FOUR_TIMES], scenario).toContainEqual(ending);
    // Garbage comes in place of the answer to an FI request that was processed: it is not sent again.
    if (scenario in WITH_SESSION) expect(fiRequests).toBeLessThanOrEqual(1);
  }
  const completed = rows.filter(({ ending }) => ending.status === 'COMPLETED').length;
  expect(completed).toBeGreaterThan(2 * ROWS_EACH);
}, 300_000);
