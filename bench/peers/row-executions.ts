import { fileURLToPath } from 'node:url';
import { startLocalCloud } from '#local/cloud.ts';
import { useSimulator } from '#local/simulator.ts';
import { synthesize } from '#local/synthesize.ts';
import { simulatorControl } from '#simulator/control-client.ts';
import { untilExecutionsEnd } from '../cloud/until-executions-end.ts';
import { CONTAINERS } from '../subject.ts';
import { type PageUnits, readPages } from './row-pages.ts';

/** What one execution a row was seen to take on the local cloud. */
export interface RowExecutions {
  readonly transitionsARow: number;
  /** Transactions billed twice. */
  readonly writeUnitsARow: number;
  readonly callsARow: number;
  /** Bytes that an invocation logs. */
  readonly logBytes: number;
  readonly pages: PageUnits;
}

/**
 * Runs the peer on a local cloud of its own, at its cheapest: without a limit, so that no call is answered 429 and tried again. Left out, in its favour: a
 * queue between acceptance and executions, which 10,000 of them need (150 may be started a second in ap-south-1), and what the conflicts at the
 * counters would cost in repeated transactions.
 */
export async function runRowExecutions(
  folder: string,
  consents: readonly string[],
  timeScale: number,
): Promise<RowExecutions> {
  const assembly = await synthesize(folder, fileURLToPath(new URL('./app.ts', import.meta.url)));
  const simulator = await useSimulator(0, timeScale);
  const environment = { FINPRO_BASE_URL: simulator.url };
  const control = simulatorControl(simulator.url);
  try {
    const cloud = await startLocalCloud({ assembly, timeScale, environment, limits: CONTAINERS });
    try {
      await control.changeFaults({ rateLimit: null });
      const body = JSON.stringify({ batch: 'batch', client: 'lender', consents });
      const accepted = await fetch(cloud.endpoints.api, { method: 'POST', body });
      if (!accepted.ok) throw new Error(`the peer answered ${accepted.status}: ${await accepted.text()}`);
      await untilExecutionsEnd(cloud, 'row-executions', consents.length);
      const { units, calls } = cloud.meter.read();
      const rows = consents.length;
      // After the puts only transactions write, and what is written in one is billed twice.
      const moved = units['dynamodb.writeUnit'] - rows;
      if (moved !== calls['dynamodb']?.['UpdateItem']) throw new Error('an item of the peer is larger than 1 KB');
      const { fiRequests, statusCalls } = await control.stats();
      return {
        transitionsARow: units['states.transition'] / rows,
        writeUnitsARow: (rows + 2 * moved) / rows,
        callsARow: (fiRequests + statusCalls) / rows,
        logBytes: units['logs.byte'] / units['lambda.request'],
        pages: await readPages(cloud, 'batch', rows),
      };
    } finally {
      await cloud.close();
    }
  } finally {
    await simulator.close();
  }
}
