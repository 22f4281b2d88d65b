import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { startLocalCloud } from '../../local/cloud.ts';
import { type MeterReading, UNITS } from '../../local/meter.ts';
import { useSimulator } from '../../local/simulator.ts';
import { synthesize } from '../../local/synthesize.ts';

const PATIENCE = 10 * 60_000;
const stats = z.object({ fiRequests: z.number(), statusCalls: z.number() });
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

export interface RowExecutions {
  /** Scaled from the rows that ran to those that were asked for: every row costs the same, whatever the others do. */
  readonly units: MeterReading['units'];
  readonly upstreamCalls: number;
}

/**
 * Runs the peer on a local cloud of its own and bills it for `rows`, after running `sample` of them. Left out, in its favour: a queue
 * between acceptance and executions, which 10,000 of them need, and what the counters' conflicts would cost in repeated transactions.
 */
export async function runRowExecutions(
  folder: string,
  consents: readonly string[],
  { rows, timeScale }: { readonly rows: number; readonly timeScale: number },
): Promise<RowExecutions> {
  const assembly = await synthesize(folder, fileURLToPath(new URL('./app.ts', import.meta.url)));
  const simulator = await useSimulator(0, timeScale);
  const cloud = await startLocalCloud({ assembly, timeScale, environment: { FINPRO_BASE_URL: simulator.url } }).catch(
    async (error: unknown) => {
      await simulator.close();
      throw error;
    },
  );
  const place = { endpoint: cloud.endpoints.aws, region: cloud.region, credentials };
  const states = new SFNClient(place);
  try {
    // At its cheapest: without a limit no call is answered 429, and no retry is billed.
    await unlimited(simulator.url);
    cloud.meter.reset();
    const body = JSON.stringify({ batch: 'batch', client: 'lender', consents });
    const accepted = await fetch(cloud.endpoints.api, { method: 'POST', body });
    if (!accepted.ok) throw new Error(`the peer answered ${accepted.status}: ${await accepted.text()}`);
    const stateMachineArn = `arn:aws:states:${cloud.region}:000000000000:stateMachine:row-executions`;
    await untilOver(states, stateMachineArn);
    const { units } = cloud.meter.read();
    // What was written after the rows' creation stands for transactions, which are billed twice.
    const moved = units['dynamodb.writeUnit'] - consents.length;
    const billed = { ...units, 'dynamodb.writeUnit': consents.length + 2 * moved };
    const answer = await fetch(new URL('/_sim/stats', simulator.url));
    const { fiRequests, statusCalls } = stats.parse(await answer.json());
    const scale = rows / consents.length;
    const scaled = { ...billed };
    for (const unit of UNITS) scaled[unit] = billed[unit] * scale;
    return { units: scaled, upstreamCalls: (fiRequests + statusCalls) * scale };
  } finally {
    states.destroy();
    await cloud.close();
    await simulator.close();
  }
}

async function unlimited(simulator: string): Promise<void> {
  const init = { method: 'PUT', headers: { 'content-type': 'application/json' } };
  await fetch(new URL('/_sim/faults', simulator), { ...init, body: JSON.stringify({ rateLimit: null }) });
}

async function untilOver(states: SFNClient, stateMachineArn: string): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE;
  const running = new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: 1 });
  while ((await states.send(running)).executions?.length !== 0) {
    if (performance.now() > giveUpAt) throw new Error('the executions of the peer do not end');
    await wait(500);
  }
}
