import { join } from 'node:path';
import type { Assembly } from '#local/template/assembly.ts';
import { showBill } from './bills/bill.ts';
import { type Comparison, compareDesigns } from './bills/comparison.ts';
import { acceptanceFigures } from './cloud/acceptance.ts';
import { runCloudBatch } from './cloud/cloud-batch.ts';
import { batchFigures, logBytesOf, peerFigures } from './cloud/measured-batch.ts';
import { memoryFigures } from './cloud/memory.ts';
import { statusFigures } from './cloud/status.ts';
import { countConcurrent } from './counted/concurrent.ts';
import { countBatches } from './counted/count-batches.ts';
import { countedFigures } from './counted/counted-figures.ts';
import { designFigures, serviceFigures } from './counted/design-figures.ts';
import { csvFigures } from './csv.ts';
import { type Figure, figureOf } from './figure.ts';
import { functionMemory } from './function-memory.ts';
import { bundleFigures, loadFigures } from './functions.ts';
import { runRowExecutions } from './peers/row-executions.ts';
import { recoveryFigures } from './recovery.ts';
import { consentsOf, MEASURED_SCALE, PEER_SCALE, ROWS } from './subject.ts';

type Tell = (what: string) => void;

/** All figures of a run, and the bills behind them in Markdown. */
export interface Run {
  readonly figures: readonly Figure[];
  readonly bills: readonly string[];
}

const STATUS_SCALE = 0.1;
const FAST = 0.05;
const PEER_ROWS = 1000;

const showBills = (comparisons: readonly Comparison[]): string[] =>
  comparisons.flatMap(({ product, peers }) => [product, ...peers].map((bill) => showBill(bill, 'us-east-1')));

/** All figures, in less than a quarter of an hour. */
export async function fullRun(assembly: Assembly, folder: string, tell: Tell): Promise<Run> {
  tell('files, bundles');
  const csv = csvFigures();
  const functions = [...bundleFigures(), ...loadFigures()];
  tell('memory of each function');
  const memory = [...(await memoryFigures(assembly, folder)), ...(await recoveryFigures(assembly))];
  tell('batches, counted on a virtual clock');
  const counted = await countBatches(assembly);
  tell('acceptance');
  const acceptance = await acceptanceFigures({ assembly, timeScale: FAST }, [10, 1000, ROWS]);
  tell('one execution a row, on the local cloud');
  const peer = await runRowExecutions(join(folder, 'peer'), consentsOf(PEER_ROWS), PEER_SCALE);
  tell('the status call');
  const status = await statusFigures({ assembly, timeScale: STATUS_SCALE }, ROWS, peer.pages);
  tell('a batch, on the local cloud');
  const batch = await runCloudBatch({ assembly, timeScale: MEASURED_SCALE, balances: true }, consentsOf(ROWS));
  const facts = { memory: functionMemory(assembly), logBytes: logBytesOf(batch.reading) };
  tell('batches at once, counted');
  const concurrent = await countConcurrent(assembly, PEER_ROWS, facts);
  const comparisons = compareDesigns(counted, facts, peer);
  return {
    figures: [
      ...designFigures(counted, comparisons, peer),
      ...serviceFigures(comparisons),
      ...countedFigures(counted, facts),
      ...batchFigures(batch, counted),
      ...peerFigures(peer, counted),
      ...concurrent,
      ...status,
      ...acceptance,
      ...csv,
      ...functions,
      ...memory,
    ],
    bills: showBills(Object.values(comparisons)),
  };
}

/** The counted figures in full, and what else there is once, on few rows: that it runs. */
export async function quickRun(assembly: Assembly, folder: string, tell: Tell): Promise<Run> {
  tell('batches, counted on a virtual clock');
  const counted = await countBatches(assembly);
  tell('a small batch and the peer, on the local cloud');
  const rows = 500;
  const options = { assembly, timeScale: FAST, balances: true, limited: false };
  const small = await runCloudBatch(options, consentsOf(rows));
  const peer = await runRowExecutions(join(folder, 'peer'), consentsOf(100), FAST);
  const facts = { memory: functionMemory(assembly), logBytes: logBytesOf(small.reading) };
  const comparisons = compareDesigns(counted, facts, peer);
  const { fiRequests } = small.upstream;
  return {
    figures: [
      ...designFigures(counted, comparisons, peer),
      ...serviceFigures(comparisons),
      ...countedFigures(counted, facts),
      ...bundleFigures(),
      figureOf('Smoke', 'FI requests a row, on the local cloud', fiRequests / rows, '', {
        target: 1,
        least: 1,
        exact: true,
      }),
      // A row put once, row and counter moved twice, in transactions.
      figureOf('Smoke', 'write units a row of one execution a row', peer.writeUnitsARow, '', {
        target: 9,
        least: 9,
        exact: true,
      }),
    ],
    bills: showBills(Object.values(comparisons)),
  };
}
