import { expect, test } from 'vitest';
import { figuresTable, measuredLine } from '#bench/documents/figures-table.ts';
import { recordOf } from '../records.ts';
import { RECORD } from './record-of-a-run.ts';

const rows = figuresTable(RECORD).split('\n');
const rowOf = (label: string): string | undefined => rows.find((row) => row.startsWith(`| ${label} |`));

test('each figure has a row, with its target and its value in each of the circumstances', () => {
  expect(rowOf('list price, us-east-1')).toBe(
    '| list price, us-east-1 | ≤ $0.0250 | $0.0110 | $0.0120 | $0.0130 | $0.0140 |',
  );
  expect(rowOf('calls to FinPro per row')).toBe(
    '| calls to FinPro per row | ≤ 2.35, ≤ 3.35 | 2.00 | 3.00 | 3.25 | 4.25 |',
  );
  expect(rowOf('DynamoDB write units')).toBe('| DynamoDB write units | ≤ 2,500 | 1,500 | 1,600 | 1,700 | 1,800 |');
});

test('where a figure is not counted, its cell is empty', () => {
  expect(rowOf('us-east-1, if FinPro is four times as slow')).toMatch(
    / \| {2}\| {2}\| \$0\.0300 \| {2}\| \$0\.0400 \|$/,
  );
  expect(rowOf('local cloud: transitions, over those counted')).toContain('| 0.90 to 1.10 |  | 0.99 |');
});

test('one execution per row is shown by the names that it has in the circumstances', () => {
  expect(rowOf('*one execution per row*: list price, us-east-1')).toMatch(
    / \| \$2\.00 \| \$3\.00 \| \$2\.50 \| \$2\.75 \|$/,
  );
});

test('a record that lacks a figure, or the other design, makes no table', () => {
  expect(() => figuresTable(recordOf({}))).toThrow('has no figure');
  const bare = { ...RECORD, figures: RECORD.figures.map((figure) => ({ ...figure, peers: {} })) };
  expect(() => figuresTable(bare)).toThrow('no other design');
});

test('when and on what it was measured is a line of its own', () => {
  expect(measuredLine(RECORD)).toBe('Last whole run: 2026-11-25, on 2 × a processor; prices looked up in 2026-11.');
});
