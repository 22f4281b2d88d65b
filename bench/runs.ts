import type { Assembly } from '#local/template/assembly.ts';
import { priced } from './bills/bill.ts';
import { type BillingFacts, productBill } from './bills/product-bill.ts';
import { CIRCUMSTANCES, EACH } from './circumstances.ts';
import { runCloudBatch } from './cloud/cloud-batch.ts';
import { batchFigures, logBytesOf } from './cloud/measured-batch.ts';
import { countConcurrent } from './counted/concurrent.ts';
import { type Counted, countBatches } from './counted/count-batches.ts';
import { countedFigures } from './counted/counted-figures.ts';
import { designFigures } from './counted/design-figures.ts';
import { rateWindowFigures } from './counted/rate-windows.ts';
import { type Figure, figureOf } from './figure.ts';
import { bundleFigures, functionsOf, loadFigures } from './functions.ts';
import type { PricedBill } from './record.ts';
import { recoveryFigures } from './recovery.ts';
import { consentsOf, MEASURED_SCALE, ROWS } from './subject.ts';

type Tell = (what: string) => void;

/** All figures of a run, and what this design is billed for in each of the circumstances. */
export interface Run {
  readonly figures: readonly Figure[];
  readonly prices: readonly PricedBill[];
}

/** All figures, in some ten minutes. */
export async function fullRun(assembly: Assembly, tell: Tell): Promise<Run> {
  tell('bundles, recovery');
  const functions = [...bundleFigures(assembly), ...loadFigures(assembly), ...(await recoveryFigures())];
  tell('batches, counted on a virtual clock');
  const counted = await countBatches();
  tell('a batch, on the local cloud');
  const batch = await runCloudBatch({ assembly, timeScale: MEASURED_SCALE, limited: true }, consentsOf(ROWS));
  const facts = { functions: functionsOf(assembly), logBytes: logBytesOf(batch.reading) };
  tell('batches at once, counted');
  const concurrent = await countConcurrent(facts);
  tell('rate windows of other kinds, counted');
  const windows = await rateWindowFigures(ROWS, 1000);
  return billed(counted, facts, [...batchFigures(batch, counted), ...concurrent, ...windows, ...functions]);
}

/** The counted figures in full, and a small batch on the local cloud: that it runs. */
export async function quickRun(assembly: Assembly, tell: Tell): Promise<Run> {
  tell('batches, counted on a virtual clock');
  const counted = await countBatches();
  tell('a small batch, on the local cloud');
  const rows = 500;
  const { reading, upstream } = await runCloudBatch({ assembly, timeScale: 0.05, limited: false }, consentsOf(rows));
  const facts = { functions: functionsOf(assembly), logBytes: logBytesOf(reading) };
  const requests = figureOf('Smoke', 'FI requests a row, on the local cloud', upstream.fiRequests / rows, '', {
    target: 1,
    least: 1,
    exact: true,
  });
  return billed(counted, facts, [...bundleFigures(assembly), requests]);
}

function billed(counted: Counted, facts: BillingFacts, others: readonly Figure[]): Run {
  return {
    figures: [...designFigures(counted, facts), ...countedFigures(counted, facts), ...others],
    prices: EACH.map((of) => priced(productBill(CIRCUMSTANCES[of].label, counted[of].product, facts), 'us-east-1')),
  };
}
