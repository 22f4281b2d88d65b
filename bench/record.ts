import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus } from 'node:os';
import { z } from 'zod';
import { PRICES_AS_OF } from '#lib/list-prices.ts';
import { type Figure, isReached } from './figure.ts';

const PATH = '.local/bench.json';

const pricedLine = z.object({ unit: z.string(), count: z.number(), what: z.string(), usd: z.number() });
const pricedBillSchema = z.object({ design: z.string(), lines: z.array(pricedLine) });

const recordSchema = z.object({
  /** When it was measured, and on what. */
  at: z.string(),
  machine: z.string(),
  pricesAsOf: z.string(),
  quick: z.boolean(),
  /** What this design is billed for in us-east-1, per circumstance. */
  prices: z.array(pricedBillSchema).default([]),
  figures: z.array(
    z.object({
      name: z.string(),
      value: z.number(),
      unit: z.string(),
      target: z.number().nullable(),
      least: z.number().exactOptional(),
      reached: z.boolean(),
      peers: z.record(z.string(), z.number()),
      floor: z.number().nullable(),
      group: z.string().default('Others'),
      exact: z.boolean().default(false),
    }),
  ),
});

/** A run's figures as they are kept. */
export type BenchRecord = z.output<typeof recordSchema>;
export type PricedBill = z.output<typeof pricedBillSchema>;

/** Writes `.local/bench.json` and returns it as it reads there. */
export function writeRecord(figures: readonly Figure[], prices: readonly PricedBill[], quick: boolean): BenchRecord {
  const record = {
    at: new Date().toISOString(),
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? arch()}, Node ${process.versions.node}`,
    pricesAsOf: PRICES_AS_OF,
    quick,
    prices,
    figures: figures.map((figure) => ({ ...figure, reached: isReached(figure) })),
  };
  mkdirSync('.local', { recursive: true });
  writeFileSync(PATH, `${JSON.stringify(record, null, 2)}\n`);
  return readRecord();
}

/** Reads the record of a run, the last one's unless another file is named; throws where there is none. */
export function readRecord(path = PATH): BenchRecord {
  const text = readFileSync(path, 'utf8');
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch (error) {
    const remedy = `Name what \`npm run bench\` has written, such as a copy of ${PATH}`;
    throw new Error(`${path} is no record of a run. ${remedy}.`, { cause: error });
  }
}

/** A figure of a record by its name; throws where it has none. */
export function figureIn({ figures }: BenchRecord, name: string): BenchRecord['figures'][number] {
  const found = figures.find((figure) => figure.name === name);
  if (!found) throw new Error(`the record has no figure ${name}`);
  return found;
}
