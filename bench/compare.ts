import { GROUP as MEASURED_GROUP } from './cloud/measured-batch.ts';
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
  /** False where nobody can have it the same twice: it is shown, and judged by what it confirms. */
  readonly counted: boolean;
}

/** The figures of two runs that no machine's speed decides, those that differ most first. Throws where one run has a figure that the other lacks. */
export function differencesOf(first: BenchRecord, second: BenchRecord): Difference[] {
  const compared = ({ figures }: BenchRecord): BenchRecord['figures'] =>
    figures.filter(({ unit, exact }) => exact || !MEASURED_UNITS.has(unit));
  const others = new Map(compared(second).map(({ group, name, value }) => [`${group}: ${name}`, value]));
  const differences = compared(first).map(({ group, name: figure, value }) => {
    const name = `${group}: ${figure}`;
    const other = others.get(name);
    if (other === undefined) throw new Error(`the second run has no figure ${name}`);
    const share = value === other ? 0 : Math.abs(other - value) / Math.abs(value);
    return { name, first: value, second: other, share, counted: group !== MEASURED_GROUP };
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
  const counted = differences.filter((difference) => difference.counted);
  const same = counted.filter(({ share }) => share === 0).length;
  const over = counted.filter(({ share }) => share >= TOLERANCE).length;
  const most = differences.reduce((max, { share, counted: isCounted }) => (isCounted ? max : Math.max(max, share)), 0);
  const sums = [
    `${counted.length} counted figures: ${same} the same, ${over} of the others differ by ${TOLERANCE * 100} % or more`,
    `${differences.length - counted.length} measured on the local cloud: they differ by ${(most * 100).toFixed(2)} % at most`,
  ];
  return { text: [...lines, ...sums].join('\n'), tooLarge: over > 0 };
}
