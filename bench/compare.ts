import { parseArgs } from 'node:util';
import { type BenchRecord, readRecord } from './record.ts';

/** What is counted has no unit of time or memory, and dollars are made of what is counted; the rest depends on the machine. */
const MEASURED_UNITS = new Set(['ms', 'MB']);
const TOLERANCE = 0.02;

/** A figure of both runs, and by how much of the first the second differs. */
export interface Difference {
  readonly name: string;
  readonly first: number;
  readonly second: number;
  readonly share: number;
}

/** The counted figures of two runs, those that differ most first. Throws where one run has a figure that the other lacks. */
export function differencesOf(first: BenchRecord, second: BenchRecord): Difference[] {
  const counted = ({ figures }: BenchRecord): BenchRecord['figures'] =>
    figures.filter(({ unit }) => !MEASURED_UNITS.has(unit));
  const others = new Map(counted(second).map(({ group, name, value }) => [`${group}: ${name}`, value]));
  const differences = counted(first).map(({ group, name: figure, value }) => {
    const name = `${group}: ${figure}`;
    const other = others.get(name);
    if (other === undefined) throw new Error(`the second run has no figure ${name}`);
    const share = value === other ? 0 : Math.abs(other - value) / Math.abs(value);
    return { name, first: value, second: other, share };
  });
  if (differences.length !== others.size) throw new Error('the first run lacks figures of the second');
  return differences.toSorted((a, b) => b.share - a.share);
}

if (import.meta.main) {
  const [first = '', second] = parseArgs({ allowPositionals: true }).positionals;
  const differences = differencesOf(readRecord(first), readRecord(second));
  const different = differences.filter(({ share }) => share > 0);
  for (const { name, first: one, second: other, share } of different) {
    console.log(`${(share * 100).toFixed(2).padStart(6)} %  ${name}: ${one}, ${other}`);
  }
  console.log(`${differences.length} counted figures, ${differences.length - different.length} of them the same`);
  const over = differences.filter(({ share }) => share > TOLERANCE);
  if (over.length > 0) {
    console.log(`${over.length} differ by more than ${TOLERANCE * 100} %`);
    process.exitCode = 1;
  }
}
