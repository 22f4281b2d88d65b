import { expect, test } from 'vitest';
import { organisationTable, sharedTable, upstreamTable } from '#bench/documents/scale.ts';
import { recordOf } from '../records.ts';
import { RECORD } from './record-of-a-run.ts';

test('limits are shown with the load of a batch, the one that is reached first on top', () => {
  const [, , first] = sharedTable(RECORD).split('\n');
  // 100 s of the limit for 10,000 rows: 10,000 batches a day take 1,000,000 of its 86,400 s.
  expect(first).toMatch(
    /^\| Step Functions transitions: 800 \| 80,000 \| 11.6 % \| \*\*116 %\*\* \| \*\*1,157 %\*\* \|/,
  );
});

test('what an organisation gets through in a day is what a backlog may have', () => {
  // 970 calls a minute, 1,440 minutes; three calls a row with balances, two without.
  expect(upstreamTable(RECORD)).toContain('| rows a day | 465,600 | 698,400 |');
  expect(upstreamTable(RECORD)).toContain('| largest backlog that ends within 24 hours | 465,600 | 698,400 |');
  expect(upstreamTable(RECORD)).toContain('for 1 million rows a day | 3 | 2 |');
});

test('what a partition and a function are enough for follows from the units of one', () => {
  const table = organisationTable(RECORD);
  expect(table).toContain('| status pages of one batch | 300 calls a second |');
  expect(table).toContain('| the same with balances | 200 calls a second |');
  expect(table).toContain('| searches in one batch | 20 calls a second |');
  // 60 s of 0.289 of a processor, 5 ms each.
  expect(table).toContain('gets through in its minute | 3,473 |');
});

test('a record without what is needed makes no table', () => {
  for (const table of [organisationTable, sharedTable, upstreamTable]) {
    expect(() => table(recordOf({}))).toThrow(/has no figure/);
  }
});
