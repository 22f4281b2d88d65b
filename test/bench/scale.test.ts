import { expect, test } from 'vitest';
import { writeReport } from '#bench/report.ts';
import { scaleDocument } from '#bench/scale.ts';
import { recordOf } from './records.ts';

const document = scaleDocument(
  recordOf({
    'Step Functions transitions, no limit, with balances': 80_000,
    'write units, no limit, with balances': 2_000,
    'read units, no limit, with balances': 1_500,
    'write units of the index, no limit, with balances': 2,
    'seconds of start-chunk, no limit, with balances': 100,
    'seconds of advance-chunk, no limit, with balances': 200,
    'advances a chunk, no limit, with balances': 5,
    'advance-chunk, most at once, 1,000 a minute, with balances': 10,
    'upstream calls a row, 1,000 a minute': 2,
    'upstream calls a row, 1,000 a minute, with balances': 3,
    'read units of a status page of 100, unfiltered': 10,
    'first page with balances: read units': 15,
    'search: read units': 150,
    'recovery: processor time an open batch': 5,
  }),
);

test('limits are shown with the load of a batch, the one that is reached first on top', () => {
  const [first] = document.split('\n').filter((line) => line.startsWith('| Step') || line.startsWith('| table'));
  // 100 s of the limit for 10,000 rows: 100 batches a day take 10,000 of its 86,400 s.
  expect(first).toMatch(/^\| Step Functions transitions, 800 a second \| 80,000 \| 11.6 % \| \*\*116 %\*\* \|/);
});

test('what an organisation gets through in a day is what a backlog may have', () => {
  // 970 calls a minute, three a row, 1,440 minutes.
  expect(document).toContain('at most **465,600 rows a day** (698,400 without balances)');
  expect(document).toContain('a backlog of more than 465,600 rows loses the rest to the deadline');
});

test('what a partition and a function are enough for follows from the units of one', () => {
  expect(document).toContain('300 calls a second for one reference_id; 200 with balances');
  // 60 s of 0.289 of a processor, 5 ms each.
  expect(document).toContain('at most 3,473 open batches');
});

test('a record without what is needed, or of a short run, makes no document', () => {
  expect(() => scaleDocument(recordOf({}))).toThrow(/has no figure/);
  expect(() => writeReport({ ...recordOf({}), quick: true })).toThrow('a short run has not all');
});
