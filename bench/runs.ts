import type { Assembly } from '#local/template/assembly.ts';
import { priced } from './bills/bill.ts';
import { compareDesigns } from './bills/comparison.ts';
import type { BillingFacts } from './bills/product-bill.ts';
import { runCloudBatch } from './cloud/cloud-batch.ts';
import { batchFigures, logBytesOf } from './cloud/measured-batch.ts';
import { countConcurrent } from './counted/concurrent.ts';
import { type Counted, countBatches } from './counted/count-batches.ts';
import { countedFigures } from './counted/counted-figures.ts';
import { designFigures } from './counted/design-figures.ts';
import { type Figure, figureOf } from './figure.ts';
import { functionMemory } from './function-memory.ts';
import { bundleFigures, loadFigures } from './functions.ts';
import type { PricedBill } from './record.ts';
import { recoveryFigures } from './recovery.ts';
import { consentsOf, MEASURED_SCALE, ROWS } from './subject.ts';

type Tell = (what: string) => void;

/** All figures of a run, and what this design is billed for in each of the circumstances. */
export interface Run {
  readonly figures: readonly Figure[];
  readonly prices: readonly PricedBill[];
}

const QUICK = { rows: 500, timeScale: 0.05 } as const;

/** All figures, in some ten minutes. */
export async function fullRun(assembly: Assembly, folder: string, tell: Tell): Promise<Run> {
  tell('bundles, recovery');
  const functions = [...bundleFigures(), ...loadFigures(folder), ...(await recoveryFigures(assembly))];
  tell('batches, counted on a virtual clock');
  const counted = await countBatches(assembly);
  tell('a batch, on the local cloud');
  const options = { assembly, timeScale: MEASURED_SCALE, limited: true };
  const batch = await runCloudBatch(options, consentsOf(ROWS));
  const facts = { memory: functionMemory(assembly), logBytes: logBytesOf(batch.reading) };
  tell('batches at once, counted');
  const concurrent = await countConcurrent(assembly, facts);
  return billed(counted, facts, [...batchFigures(batch, counted), ...concurrent, ...functions]);
}

/** The counted figures in full, and a small batch on the local cloud: that it runs. */
export async function quickRun(assembly: Assembly, _: string, tell: Tell): Promise<Run> {
  tell('batches, counted on a virtual clock');
  const counted = await countBatches(assembly);
  tell('a small batch, on the local cloud');
  const { rows, timeScale } = QUICK;
  const { reading, upstream } = await runCloudBatch({ assembly, timeScale, limited: false }, consentsOf(rows));
  const facts = { memory: functionMemory(assembly), logBytes: logBytesOf(reading) };
  const requests = figureOf('Smoke', 'FI requests a row, on the local cloud', upstream.fiRequests / rows, '', {
    target: 1,
    least: 1,
    exact: true,
  });
  return billed(counted, facts, [...bundleFigures(), requests]);
}

function billed(counted: Counted, facts: BillingFacts, others: readonly Figure[]): Run {
  const comparisons = compareDesigns(counted, facts);
  return {
    figures: [...designFigures(counted, comparisons), ...countedFigures(counted, facts), ...others],
    prices: Object.values(comparisons).map(({ product }) => priced(product, 'us-east-1')),
  };
}
