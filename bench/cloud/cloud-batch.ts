import { setTimeout as wait } from 'node:timers/promises';
import { type ApiClient, apiClient } from '#cli/api-client.ts';
import { startEnvironment } from '#local/environment.ts';
import type { MeterReading } from '#local/meter.ts';
import type { Assembly } from '#local/template/assembly.ts';
import { simulatorControl, type UpstreamStats } from '#simulator/control-client.ts';
import { CONTAINERS, MID_WINDOW, SETTINGS } from '../subject.ts';
import { untilExecutionsEnd } from './until-executions-end.ts';
import { useUpWindow } from './used-up-window.ts';
import { warmUp } from './warm-up.ts';

export interface CloudOptions {
  readonly assembly: Assembly;
  readonly timeScale: number;
  /** False takes FinPro's limit away. */
  readonly limited: boolean;
}

/** A batch from its acceptance to its end, as the meter saw it. */
export interface CloudBatch {
  readonly reading: MeterReading;
  /** Unscaled. */
  readonly minutes: number;
  readonly upstream: UpstreamStats;
  /** Read units of status calls after its end. */
  readonly pages: { readonly withBalances: number; readonly search: number };
}

/** Milliseconds that FinPro takes for any call, before scaling. On the virtual clock it takes 250 for an FI request and 150 for another. */
const LATENCY: readonly [number, number] = [150, 250];

/**
 * Takes one batch with balances through its own local cloud, with as many containers as it needs. It is accepted at the same point of a rate window each time,
 * which changes how its chunks are cut up. With a limit, nothing is left of that window. Nobody asks for its status before it is over.
 */
export async function runCloudBatch(options: CloudOptions, consents: readonly string[]): Promise<CloudBatch> {
  const { assembly, timeScale, limited } = options;
  const settings = { BALANCES: 'on', ...(limited ? {} : { UPSTREAM_LIMIT: '1000000' }) };
  const running = await startEnvironment({ assembly, timeScale, environment: settings, limits: CONTAINERS });
  try {
    const { cloud, endpoints, simulator, tenants } = running;
    const [tenant] = tenants;
    if (!tenant) throw new Error('there is no tenant');
    const api = apiClient(endpoints.api, tenant);
    const upstream = simulatorControl(simulator.url);
    const [least, most] = LATENCY;
    await upstream.changeFaults({
      latencyMs: [least * timeScale, most * timeScale],
      ...(limited ? {} : { rateLimit: null }),
    });
    const chunks = Math.ceil(consents.length / SETTINGS.chunkRows);
    const executions = await warmUp(cloud, tenant.organisationId, Math.min(chunks, CONTAINERS.perFunction));
    const window = SETTINGS.upstream.window * timeScale;
    await wait(window - (Date.now() % window) + MID_WINDOW * timeScale);
    if (limited) await useUpWindow(cloud, tenant.organisationId);
    cloud.meter.reset();
    const startedAt = performance.now();
    const consents_list = consents.map((consent_id) => ({ consent_id }));
    const { reference_id } = await api.schedule({ reference_id: 'measured', consents_list });
    await untilExecutionsEnd(cloud, executions + chunks);
    const minutes = (performance.now() - startedAt) / 60_000 / timeScale;
    const reading = cloud.meter.read();
    const { batch_status } = await api.status({ reference_id, limit: 1 });
    if (batch_status !== 'COMPLETED') throw new Error(`the batch is ${batch_status} when its chunks are done`);
    const stats = await upstream.stats();
    const units = (): number => cloud.meter.read().units['dynamodb.readUnit'];
    const pages = {
      withBalances: await pageUnits(api, units, { reference_id, limit: 100, include_balances: true }),
      search: await pageUnits(api, units, {
        reference_id,
        limit: 100,
        filters: { search: consents[0]?.slice(0, 13) ?? '' },
      }),
    };
    return { reading, minutes, upstream: stats, pages };
  } finally {
    await running.close();
  }
}

/** Recovery and authentication read from time to time, too, so the least of several calls is that of the call alone. */
async function pageUnits(api: ApiClient, units: () => number, query: object): Promise<number> {
  const read: number[] = [];
  for (let time = 0; time < 5; time += 1) {
    const before = units();
    const { records } = await api.status(query);
    if (records.length === 0) throw new Error('the page is empty');
    read.push(units() - before);
  }
  return Math.min(...read);
}
