import type { BenchRecord } from './record.ts';

/** What has one of these units depends on the machine, unless it is known not to; everything else is counted, or made of what is. */
const MEASURED_UNITS: ReadonlySet<string> = new Set(['ms', 'MB']);
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
    figures.filter(({ unit, exact }) => exact || !MEASURED_UNITS.has(unit));
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

/** The differences as text, and whether one of them is too large. */
export function showDifferences(differences: readonly Difference[]): {
  readonly text: string;
  readonly tooLarge: boolean;
} {
  const different = differences.filter(({ share }) => share > 0);
  const lines = different.map(
    ({ name, first, second, share }) => `${(share * 100).toFixed(2).padStart(6)} %  ${name}: ${first}, ${second}`,
  );
  const same = differences.length - different.length;
  const over = different.filter(({ share }) => share >= TOLERANCE).length;
  const sum = `${differences.length} counted figures: ${same} the same, ${over} of the others differ by ${TOLERANCE * 100} % or more`;
  return { text: [...lines, sum].join('\n'), tooLarge: over > 0 };
}
