import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { type ApiClient, apiClient } from '../cli/api-client.ts';
import { type Environment, startEnvironment } from '../local/environment.ts';
import type { MeterReading } from '../local/meter.ts';
import type { Assembly } from '../local/template/assembly.ts';
import type { Tenant } from '../local/tenants.ts';

const PATIENCE_MINUTES = 15;
const stats = z.object({
  fiRequests: z.number(),
  statusCalls: z.number(),
  balanceCalls: z.number(),
  windowsOverLimit: z.number(),
});

export interface CloudOptions {
  readonly assembly: Assembly;
  readonly timeScale: number;
  readonly balances?: boolean;
  /** False takes the upstream's limit away. */
  readonly limited?: boolean;
}

/** The product on the local cloud, with what a benchmark needs of it. */
export interface MeasuredCloud {
  readonly environment: Environment;
  readonly tenant: Tenant;
  readonly api: ApiClient;
}

/** Starts the product, does something with it, and stops it whatever happens. */
export async function onCloud<T>(
  { assembly, timeScale, balances = false, limited = true }: CloudOptions,
  measure: (cloud: MeasuredCloud) => Promise<T>,
): Promise<T> {
  const settings = { BALANCES: balances ? 'on' : 'off', ...(limited ? {} : { UPSTREAM_LIMIT: '1000000' }) };
  const environment = await startEnvironment({ assembly, timeScale, environment: settings });
  try {
    const [tenant] = environment.tenants;
    if (!tenant) throw new Error('there is no tenant');
    if (!limited) await setFaults(environment, { rateLimit: null });
    return await measure({ environment, tenant, api: apiClient(environment.endpoints.api, tenant) });
  } finally {
    await environment.close();
  }
}

/** Changes how the simulator behaves (`PUT /_sim/faults`). */
export async function setFaults({ simulator }: Environment, faults: object): Promise<void> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(new URL('/_sim/faults', simulator.url), {
    method: 'PUT',
    headers,
    body: JSON.stringify(faults),
  });
  if (!answer.ok) throw new Error(`the simulator answered ${answer.status}: ${await answer.text()}`);
}

/** A batch from its acceptance to its end, as the meter saw it. */
export interface CloudBatch {
  readonly reading: MeterReading;
  /** Unscaled. */
  readonly minutes: number;
  readonly upstream: z.output<typeof stats>;
}

/** Takes one batch through the local cloud. Nothing else may run there meanwhile. */
export async function runCloudBatch(
  { environment, api }: MeasuredCloud,
  consents: readonly string[],
  timeScale: number,
): Promise<CloudBatch> {
  const { meter } = environment.cloud;
  meter.reset();
  const startedAt = performance.now();
  const { reference_id } = await submit(api, 'measured', consents);
  await untilCompleted(api, reference_id);
  const minutes = (performance.now() - startedAt) / 60_000 / timeScale;
  const answer = await fetch(new URL('/_sim/stats', environment.simulator.url));
  return { reading: meter.read(), minutes, upstream: stats.parse(await answer.json()) };
}

export const submit = (api: ApiClient, reference_id: string, consents: readonly string[]) =>
  api.schedule({ reference_id, consents_list: consents.map((consent_id) => ({ consent_id })) });

/** Looks every two seconds whether a batch is done: often enough to end soon, seldom enough not to be what is measured. */
export async function untilCompleted(api: ApiClient, reference_id: string): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MINUTES * 60_000;
  while ((await api.status({ reference_id, limit: 1 })).batch_status !== 'COMPLETED') {
    if (performance.now() > giveUpAt) throw new Error(`the batch was not done within ${PATIENCE_MINUTES} minutes`);
    await wait(2_000);
  }
}
