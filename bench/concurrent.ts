import { LIST_PRICES } from '../lib/list-prices.ts';
import type { Assembly } from '../local/template/assembly.ts';
import { consentsOf, MID_WINDOW } from './counted.ts';
import { type Figure, known } from './figure.ts';
import { runVirtualBatch, type VirtualBatch } from './virtual/virtual-batch.ts';

/** Batches of one organisation at once, without a limit, in Step Functions and DynamoDB dollars each: what many at a time cost one another. */
export async function countConcurrent(assembly: Assembly, rows: number, counts: readonly number[]): Promise<Figure[]> {
  const figures: Figure[] = [];
  let alone = 0;
  for (const count of counts) {
    const consents = consentsOf(rows * count);
    const batches = Array.from({ length: count }, (_, batch) => consents.slice(batch * rows, (batch + 1) * rows));
    const run = await runVirtualBatch({ assembly, batches, balances: false, limit: null, intoWindow: MID_WINDOW });
    const usd = costOf(run) / count;
    alone ||= usd;
    const group = 'Batches at once';
    const name = `${count} × ${rows.toLocaleString('en')} rows`;
    figures.push(
      {
        ...known(group, `${name}: dollars each, over one alone`, usd / alone, 'times'),
        target: 1.1,
        floor: 1,
        exact: true,
      },
      known(group, `${name}: until the last row`, run.makespan / 60_000, 'min'),
    );
  }
  return figures;
}

/** Step Functions and DynamoDB, at the prices of us-east-1. */
function costOf({ transitions, units }: VirtualBatch): number {
  const prices = LIST_PRICES['us-east-1'];
  return (
    transitions * prices['states.transition'].usd +
    units['dynamodb.readUnit'] * prices['dynamodb.readUnit'].usd +
    units['dynamodb.writeUnit'] * prices['dynamodb.writeUnit'].usd +
    units['dynamodb.indexWriteUnit'] * prices['dynamodb.indexWriteUnit'].usd
  );
}
