import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { TARGETS } from '#bench/counted/design-figures.ts';
import { blockOf, replaceBlock } from '#bench/documents/blocks.ts';
import { BLOCKS, writeDocuments } from '#bench/documents/write.ts';
import { RECORD } from './record-of-a-run.ts';

const textOf = (path: string): string => readFileSync(path, 'utf8');
const performance = textOf('docs/performance.md');

/** Cells of a Markdown table, row by row. */
const cellsIn = (table: string): string[][] =>
  table.split('\n').map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

const figures = cellsIn(blockOf(performance, 'figures'));

/** The numbers of a row of the committed table, empty cells left out. */
function valuesOf(label: string): number[] {
  const row = figures.find(([first]) => first === label);
  if (!row) throw new Error(`the table has no row ${label}`);
  return row
    .slice(2)
    .filter((cell) => cell !== '')
    .map((cell) => Number(cell.replace(/[$,]| s$/g, '')));
}

/** What is written by people: all but the generated blocks. */
const prose = Object.keys(BLOCKS['docs/performance.md'] ?? {}).reduce(
  (text, block) => replaceBlock(text, block, ''),
  performance,
);

/** The numbers that the prose has where a pattern has groups; throws where it doesn't say so. */
function said(pattern: RegExp): number[] {
  const found = pattern.exec(prose.replace(/\s+/g, ' '));
  if (!found) throw new Error(`the prose no longer has ${pattern}`);
  return found.slice(1).map(Number);
}

const rounded = (value: number, to: number): number => Number(value.toFixed(to));

test('the generated parts of the documents are what the script makes of a record: the same rows and columns, other values', () => {
  for (const [path, blocks] of Object.entries(BLOCKS)) {
    for (const [name, block] of Object.entries(blocks)) {
      const [committed, made] = [blockOf(textOf(path), name), block(RECORD)].map((table) => cellsIn(table));
      const shapeOf = (rows: readonly string[][] | undefined) =>
        rows?.map((row) => `${row[0]} (${row.length})`).toSorted();
      expect(shapeOf(committed), `${path}, ${name}`).toEqual(shapeOf(made));
      expect(committed?.[0], `${path}, ${name}`).toEqual(made?.[0]);
    }
  }
});

test('a short run writes no documents', () => {
  expect(() => writeDocuments({ ...RECORD, quick: true })).toThrow('a short run');
});

test('prices in the prose are those of the table', () => {
  const own = valuesOf('list price, us-east-1');
  const other = valuesOf('*one execution per row*: list price, us-east-1');
  const times = other.map((usd, column) => usd / (own[column] ?? 0));
  expect(said(/\*\*\$([\d.]+) to \$([\d.]+)\*\*/)).toEqual([Math.min(...own), Math.max(...own)]);
  const [least = 0, most = 0] = said(/(\d+) to (\d+) times less than one execution per row/);
  // The table shows rounded values.
  expect(Math.abs(Math.min(...times) - least)).toBeLessThan(1);
  expect(Math.abs(Math.max(...times) - most)).toBeLessThan(1);
  const slow = valuesOf('us-east-1, if FinPro is four times as slow');
  expect(said(/a batch with balances costs \$([\d.]+) to \$([\d.]+) and misses/)).toEqual(slow);
  expect(Math.min(...slow)).toBeGreaterThan(TARGETS.dollars['us-east-1']);
});

test('the picture shows the prices of the table', () => {
  const svg = textOf('docs/performance/price.svg');
  const shown = [...svg.matchAll(/text-anchor="end">\$([\d.]+)</g)].map(([, usd]) => Number(usd));
  expect(shown).toEqual(valuesOf('list price, us-east-1'));
});

test('four fifths of the price are transitions, at $0.025 a thousand', () => {
  const prices = valuesOf('list price, us-east-1');
  expect(prose).toContain('Four fifths of every batch goes to Step Functions');
  for (const [column, transitions] of valuesOf('Step Functions transitions').entries()) {
    expect((transitions * 0.000025) / (prices[column] ?? 0)).toBeCloseTo(0.8, 1);
  }
});

test('calls, delays and pages in the prose are those of the table', () => {
  const calls = valuesOf('calls to FinPro per row').slice(0, 2);
  expect(said(/a row takes ([\d.]+) calls, and ([\d.]+) with balances/)).toEqual(
    calls.map((value) => rounded(value, 2)),
  );
  const [limited, withBalances, free] = valuesOf('ready to stored, median');
  expect(
    said(/stored (\d+) s after its data was ready, with balances (\d+) s\. Without a limit it is ([\d.]+) s/),
  ).toEqual([limited, withBalances, free]);
  const pages = valuesOf('read units of a status page of 100');
  expect(said(/takes (\d+) to (\d+) read units/)).toEqual([Math.min(...pages), Math.max(...pages)]);
  expect(Math.max(...valuesOf('ten batches of 1,000 rows at once: price of each, over one alone'))).toBeLessThanOrEqual(
    1,
  );
});
