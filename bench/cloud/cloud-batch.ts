import { setTimeout as wait } from 'node:timers/promises';
import { type ApiClient, apiClient } from '#cli/api-client.ts';
import { type Environment, startEnvironment } from '#local/environment.ts';
import type { ContainerLimits } from '#local/lambda/containers.ts';
import type { MeterReading } from '#local/meter.ts';
import type { Assembly } from '#local/template/assembly.ts';
import type { Tenant } from '#local/tenants.ts';
import { type SimulatorControl, simulatorControl, type UpstreamStats } from '#simulator/control-client.ts';
import { CONTAINERS, MID_WINDOW, SETTINGS } from '../subject.ts';
import { inProcesses } from './process-pool.ts';
import { CHUNK_LOOP, untilExecutionsEnd } from './until-executions-end.ts';
import { useUpWindow } from './used-up-window.ts';
import { warmUp } from './warm-up.ts';

const PATIENCE_MINUTES = 15;

export interface CloudOptions {
  readonly assembly: Assembly;
  readonly timeScale: number;
  readonly balances?: boolean;
  /** False takes the upstream's limit away. */
  readonly limited?: boolean;
  /** Processes where the memory of functions is measured. */
  readonly containersAs?: 'threads' | 'processes';
  readonly limits?: Partial<ContainerLimits>;
}

/** The product on the local cloud, with what a benchmark needs of it. */
export interface MeasuredCloud {
  readonly environment: Environment;
  readonly tenant: Tenant;
  readonly api: ApiClient;
  readonly upstream: SimulatorControl;
}

/** Starts the product, does something with it, and stops it whatever happens. */
export async function onCloud<T>(
  { assembly, timeScale, balances = false, limited = true, containersAs = 'threads', limits = {} }: CloudOptions,
  measure: (cloud: MeasuredCloud) => Promise<T>,
): Promise<T> {
  const settings = { BALANCES: balances ? 'on' : 'off', ...(limited ? {} : { UPSTREAM_LIMIT: '1000000' }) };
  const containers = containersAs === 'processes' ? { containers: inProcesses } : {};
  const environment = await startEnvironment({ assembly, timeScale, environment: settings, ...containers, limits });
  try {
    const [tenant] = environment.tenants;
    if (!tenant) throw new Error('there is no tenant');
    const upstream = simulatorControl(environment.simulator.url);
    if (!limited) await upstream.changeFaults({ rateLimit: null });
    return await measure({ environment, tenant, api: apiClient(environment.endpoints.api, tenant), upstream });
  } finally {
    await environment.close();
  }
}

/** A batch from its acceptance to its end, as the meter saw it. */
export interface CloudBatch {
  readonly reading: MeterReading;
  /** Unscaled. */
  readonly minutes: number;
  readonly upstream: UpstreamStats;
}

/** Milliseconds that FinPro takes for a call, whichever it is, before scaling (the cost study: 250 for an FI request, 150 for a poll). */
const LATENCY: readonly [number, number] = [150, 250];

/**
 * Takes one batch through a local cloud of its own, with as many containers as it needs. It is accepted at the same point of a rate window each time,
 * which changes how its chunks are cut up. With a limit, nothing is left of that window. Nobody asks for its status before it is over.
 */
export const runCloudBatch = (
  options: Omit<CloudOptions, 'limits'>,
  consents: readonly string[],
): Promise<CloudBatch> =>
  onCloud({ ...options, limits: CONTAINERS }, async ({ environment: { cloud }, tenant, api, upstream }) => {
    const { timeScale, limited = true } = options;
    const [least, most] = LATENCY;
    await upstream.changeFaults({ latencyMs: [least * timeScale, most * timeScale] });
    const chunks = Math.ceil(consents.length / SETTINGS.chunkRows);
    const executions = await warmUp(cloud, tenant.organisationId, Math.min(chunks, CONTAINERS.perFunction));
    const window = SETTINGS.upstream.window * timeScale;
    await wait(window - (Date.now() % window) + MID_WINDOW * timeScale);
    if (limited) await useUpWindow(cloud, tenant.organisationId);
    cloud.meter.reset();
    const startedAt = performance.now();
    const { reference_id } = await submit(api, 'measured', consents);
    await untilExecutionsEnd(cloud, CHUNK_LOOP, executions + chunks);
    const minutes = (performance.now() - startedAt) / 60_000 / timeScale;
    const reading = cloud.meter.read();
    const { batch_status } = await api.status({ reference_id, limit: 1 });
    if (batch_status !== 'COMPLETED') throw new Error(`the batch is ${batch_status} when its chunks are done`);
    return { reading, minutes, upstream: await upstream.stats() };
  });

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
