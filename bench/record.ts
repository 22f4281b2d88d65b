import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus } from 'node:os';
import { z } from 'zod';
import { PRICES_AS_OF } from '#local/prices.ts';
import { type Figure, isReached } from './figure.ts';

const PATH = '.local/bench.json';

const recordSchema = z.object({
  /** When it was measured, and on what. */
  at: z.string(),
  machine: z.string(),
  pricesAsOf: z.string(),
  quick: z.boolean(),
  /** What the designs are billed for, in Markdown. */
  bills: z.array(z.string()).default([]),
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

/** Writes `.local/bench.json`, and gives it back as it reads there. */
export function writeRecord(figures: readonly Figure[], bills: readonly string[], quick: boolean): BenchRecord {
  const record = {
    at: new Date().toISOString(),
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? arch()}, Node ${process.versions.node}`,
    pricesAsOf: PRICES_AS_OF,
    quick,
    bills,
    figures: figures.map((figure) => ({ ...figure, reached: isReached(figure) })),
  };
  mkdirSync('.local', { recursive: true });
  writeFileSync(PATH, `${JSON.stringify(record, null, 2)}\n`);
  return readRecord();
}

/** Reads the record of a run, the last one's unless another file is named; throws where there is none. */
export const readRecord = (path = PATH): BenchRecord => recordSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
