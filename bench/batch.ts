import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { apiClient } from '../cli/api-client.ts';
import { demoConsents } from '../cli/demo-consents.ts';
import { startEnvironment } from '../local/environment.ts';
import { listPrice } from '../local/prices.ts';
import type { Figure } from './figure.ts';

const ROWS = 10_000;
const PATIENCE_MINUTES = 15;
const stats = z.object({ fiRequests: z.number(), statusCalls: z.number(), balanceCalls: z.number() });

/** What a batch of 10,000 rows costs at a budget of 1,000 upstream calls a minute, in the units that AWS bills and in upstream calls. */
export async function batchFigures(timeScale: number, balances: boolean): Promise<Figure[]> {
  const environment = await startEnvironment({ timeScale, environment: { BALANCES: balances ? 'on' : 'off' } });
  try {
    const [tenant] = environment.tenants;
    if (!tenant) throw new Error('there is no tenant');
    const { meter } = environment.cloud;
    const api = apiClient(environment.endpoints.api, tenant);
    meter.reset();
    const startedAt = performance.now();
    const { reference_id } = await api.schedule({
      reference_id: `bench-${balances ? 'with' : 'without'}-balances`,
      consents_list: demoConsents(ROWS).map(({ consentId }) => ({ consent_id: consentId })),
    });
    await followSparingly(async () => (await api.status({ reference_id, limit: 1 })).batch_status === 'COMPLETED');
    const minutes = (performance.now() - startedAt) / 60_000 / timeScale;
    const { units } = meter.read();
    const read = { ...units };
    const answer = await fetch(new URL('/_sim/stats', environment.simulator.url));
    const { fiRequests, statusCalls, balanceCalls } = stats.parse(await answer.json());
    const beforePage = meter.read().units['dynamodb.readUnit'];
    await api.status({ reference_id, page: 50, limit: 100 });
    const pageUnits = meter.read().units['dynamodb.readUnit'] - beforePage;
    const label = balances ? 'with balances' : 'without balances';
    const calls = (fiRequests + statusCalls + balanceCalls) / ROWS;
    const least = balances ? 3 : 2;
    const figures: Figure[] = [
      {
        name: `Step Functions transitions, ${label}`,
        value: read['states.transition'],
        unit: '',
        target: 800,
        peers: { 'one execution a row': 100_000 },
        floor: 20,
      },
      {
        name: `upstream calls a row, ${label}`,
        value: calls,
        unit: '',
        target: least + 0.35,
        peers: { 'one execution a row': balances ? 4.6 : 3.6 },
        floor: least,
      },
      {
        name: `makespan over the floor, ${label}`,
        value: minutes / ((ROWS * least) / 1000),
        unit: 'times',
        target: 1.3,
        peers: { 'one execution a row': 2 },
        floor: 1,
      },
    ];
    if (balances) return figures;
    const price = (region: 'us-east-1' | 'ap-south-1', target: number, peer: number): Figure => ({
      name: `AWS list price, ${region}`,
      value: listPrice({ units: read }, region).total,
      unit: '$',
      target,
      peers: { 'one execution a row': peer },
      floor: 0.0037,
    });
    return [
      price('us-east-1', 0.025, 2.6),
      price('ap-south-1', 0.03, 2.98),
      ...figures,
      {
        name: 'DynamoDB write units, without balances',
        value: read['dynamodb.writeUnit'] + read['dynamodb.indexWriteUnit'],
        unit: '',
        target: 2500,
        peers: { 'one execution a row': 90_000 },
        floor: 190,
      },
      {
        name: 'read units of a status page of 100, with the credentials',
        value: pageUnits,
        unit: '',
        target: 18,
        peers: { 'one execution a row, filtered': 610 },
        floor: null,
      },
    ];
  } finally {
    await environment.close();
  }
}

/** Looks every two seconds whether a batch is done: often enough to end soon, seldom enough not to be what is measured. */
async function followSparingly(isDone: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MINUTES * 60_000;
  while (!(await isDone())) {
    if (performance.now() > giveUpAt) throw new Error(`the batch was not done within ${PATIENCE_MINUTES} minutes`);
    await wait(2_000);
  }
}
