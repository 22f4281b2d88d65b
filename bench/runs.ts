import { join } from 'node:path';
import type { Assembly } from '../local/template/assembly.ts';
import { acceptanceFigures } from './acceptance.ts';
import { batchFigures } from './batch.ts';
import { onCloud, runCloudBatch } from './cloud-batch.ts';
import { countConcurrent } from './concurrent.ts';
import { consentsOf, countBatches, ROWS } from './counted.ts';
import { csvFigures } from './csv.ts';
import { type Figure, known } from './figure.ts';
import { bundleFigures, loadFigures } from './functions.ts';
import { publishedPeers } from './peers/published.ts';
import { runRowExecutions } from './peers/row-executions.ts';
import { statusFigures } from './status.ts';

type Tell = (what: string) => void;

/** Where times are read: the slower, the less of the machine's own time is in them, which a scale of 0.2 counts five times. */
const MEASURED_SCALE = 0.2;
const FAST = 0.05;
const PEER_ROWS = 1000;

/** All figures, in about a quarter of an hour. */
export async function fullRun(assembly: Assembly, folder: string, tell: Tell): Promise<Figure[]> {
  tell('files, bundles');
  const csv = csvFigures().map((figure) => ({ group: 'Acceptance', ...figure }));
  const functions = [...bundleFigures(), ...loadFigures()].map((figure) => ({ group: 'Functions', ...figure }));
  tell('batches, counted on a virtual clock');
  const counted = await countBatches(assembly);
  tell('batches at once, counted');
  const concurrent = await countConcurrent(assembly, PEER_ROWS, [1, 10, 50]);
  tell('acceptance');
  const acceptance = await acceptanceFigures({ assembly, timeScale: FAST }, [10, 1000, ROWS]);
  tell('the status call');
  const status = await statusFigures({ assembly, timeScale: FAST }, ROWS);
  const consents = consentsOf(ROWS);
  const batch = (balances: boolean) =>
    onCloud({ assembly, timeScale: MEASURED_SCALE, balances }, (cloud) =>
      runCloudBatch(cloud, consents, MEASURED_SCALE),
    );
  tell('one execution a row, on the local cloud');
  const peer = await runRowExecutions(join(folder, 'peer'), consentsOf(PEER_ROWS), {
    rows: ROWS,
    timeScale: MEASURED_SCALE,
  });
  // Both wait most of the time: side by side they disturb each other less than a faster clock would.
  tell('a batch without balances and one with them, on the local cloud');
  const [plain, withBalances] = await Promise.all([batch(false), batch(true)]);
  return [
    ...batchFigures(plain, withBalances, ROWS, peer, publishedPeers(consents)),
    ...counted.figures,
    ...concurrent,
    ...status,
    ...acceptance,
    ...csv,
    ...functions,
  ];
}

/** The counted figures in full, and everything else once, on few rows: that it runs. */
export async function quickRun(assembly: Assembly, folder: string, tell: Tell): Promise<Figure[]> {
  tell('batches, counted on a virtual clock');
  const counted = await countBatches(assembly);
  tell('a small batch and the peer, on the local cloud');
  const rows = 500;
  const small = await onCloud({ assembly, timeScale: FAST, balances: true, limited: false }, (cloud) =>
    runCloudBatch(cloud, consentsOf(rows), FAST),
  );
  const peer = await runRowExecutions(join(folder, 'peer'), consentsOf(50), { rows: 50, timeScale: FAST });
  const { fiRequests } = small.upstream;
  return [
    ...counted.figures,
    ...bundleFigures().map((figure) => ({ group: 'Functions', ...figure })),
    { ...known('Smoke', 'FI requests a row, on the local cloud', fiRequests / rows, ''), target: 1, exact: true },
    {
      ...known('Smoke', 'write units a row, on the local cloud', small.reading.units['dynamodb.writeUnit'] / rows, ''),
      peers: { 'one execution a row': peer.units['dynamodb.writeUnit'] / 50 },
    },
  ];
}
