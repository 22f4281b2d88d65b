import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type Environment, startEnvironment } from '#local/environment.ts';
import { guidOf, Product } from './product.ts';
import { sharedAssembly } from './shared-assembly.ts';

/**
 * Kills every container in the middle, as failing hosts would, while all else stays: nobody knows that the workers are dead, so what they
 * have leased is theirs until their functions would have timed out.
 */
const ROWS = 200;
const consents = Array.from({ length: ROWS }, (_, row) => guidOf(`dead-workers-${row}`));
const stats = z.object({ fiRequests: z.number(), windowsOverLimit: z.number() });

let environment: Environment;
let product: Product;
beforeAll(async () => {
  // Functions' time-outs are a quarter, since the test waits for one.
  environment = await startEnvironment({ timeScale: 0.02, machineScale: 0.25, assembly: await sharedAssembly() });
  product = new Product(environment.endpoints, environment.tenants[0]);
});
afterAll(() => environment.close());

test('a batch whose workers die completes when their leases have run out, with one FI request a row', async () => {
  // So slow that the workers are in the middle of the FI requests.
  await product.control('PUT', '/_sim/faults', { latencyMs: [200, 300] });
  const consents_list = consents.map((consent_id) => ({ consent_id }));
  const accepted = await product.post('/v2/schedule/fi/requests', { reference_id: 'dead-workers', consents_list });
  expect(accepted.status).toBe(200);
  for (let tries = 0; tries < 600 && (await requested()) < ROWS / 4; tries += 1) await wait(20);
  await environment.cloud.killContainers();

  const { summary } = await product.finished('dead-workers', 240);
  expect(summary).toEqual({ total: ROWS, ready: 0, in_progress: 0, completed: ROWS, failed: 0 });
  expect(new Set(await product.fiRequestsFor(consents))).toEqual(new Set([1]));
  expect(stats.parse(await product.control('GET', '/_sim/stats'))).toEqual({ fiRequests: ROWS, windowsOverLimit: 0 });
}, 300_000);

async function requested(): Promise<number> {
  return stats.parse(await product.control('GET', '/_sim/stats')).fiRequests;
}
