import { readFileSync, writeFileSync } from 'node:fs';
import { type BenchRecord, readRecord } from '../record.ts';
import { replaceBlock } from './blocks.ts';
import { figuresTable, measuredLine } from './figures-table.ts';
import { pricePicture } from './price-picture.ts';
import { organisationTable, sharedTable, upstreamTable } from './scale.ts';

const PERFORMANCE = 'docs/performance.md';
const SCALE = 'docs/scale.md';
const PICTURE = 'docs/performance/price.svg';

/** The generated parts of each document, by the name of their block. */
export const BLOCKS: Readonly<Record<string, Readonly<Record<string, (record: BenchRecord) => string>>>> = {
  [PERFORMANCE]: { figures: figuresTable, measured: measuredLine },
  [SCALE]: { upstream: upstreamTable, shared: sharedTable, organisation: organisationTable },
};

/** Replaces the generated parts of the documents; people write the rest. Nothing is written when the record is of a short run. */
export function writeDocuments(record: BenchRecord): void {
  if (record.quick) throw new Error('a short run lacks some of what the documents show: npm run bench');
  const documents = Object.entries(BLOCKS).map(([path, blocks]) => {
    const text = Object.entries(blocks).reduce(
      (document, [name, block]) => replaceBlock(document, name, block(record)),
      readFileSync(path, 'utf8'),
    );
    return { path, text };
  });
  for (const { path, text } of [...documents, { path: PICTURE, text: pricePicture(record) }]) writeFileSync(path, text);
}

// The documents anew from the last whole run's record.
if (import.meta.main) writeDocuments(readRecord());
