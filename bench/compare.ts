import type { BenchRecord } from './record.ts';

/** What has one of these units depends on the machine, unless it is exact; everything else is counted, or made of what is. */
const MEASURED_UNITS: ReadonlySet<string> = new Set(['ms', 'MB']);
const TOLERANCE = 0.02;

/** A figure of both runs, and by how much of the first the second differs. */
interface Difference {
  readonly name: string;
  readonly first: number;
  readonly second: number;
  readonly share: number;
}

/** Two runs beside each other, those figures first that differ most. Figures come and go: what only one run has is named, and is no fault. */
export interface Comparison {
  readonly differences: readonly Difference[];
  readonly gone: readonly string[];
  readonly added: readonly string[];
}

/** Compares the counted figures of two runs by their names. Throws where they have none in common. */
export function compareRuns(first: BenchRecord, second: BenchRecord): Comparison {
  const [before, after] = [countedIn(first), countedIn(second)];
  const differences = [...before].flatMap(([name, value]): Difference[] => {
    const other = after.get(name);
    const share = value === other ? 0 : Math.abs((other ?? 0) - value) / Math.abs(value);
    return other === undefined ? [] : [{ name, first: value, second: other, share }];
  });
  if (differences.length === 0) throw new Error('the two runs have no counted figure in common');
  return {
    differences: differences.toSorted((a, b) => b.share - a.share),
    gone: [...before.keys()].filter((name) => !after.has(name)),
    added: [...after.keys()].filter((name) => !before.has(name)),
  };
}

const countedIn = ({ figures }: BenchRecord): Map<string, number> =>
  new Map(
    figures
      .filter(({ unit, exact }) => exact || !MEASURED_UNITS.has(unit))
      .map(({ name, value }): [string, number] => [name, value]),
  );

/** The comparison for a terminal, and whether a difference is too large. */
export function showComparison({ differences, gone, added }: Comparison): {
  readonly text: string;
  readonly tooLarge: boolean;
} {
  const different = differences.filter(({ share }) => share > 0);
  const over = different.filter(({ share }) => share >= TOLERANCE).length;
  const lines = [
    ...different.map(
      ({ name, first, second, share }) => `${(share * 100).toFixed(2).padStart(6)} %  ${name}: ${first}, ${second}`,
    ),
    ...gone.map((name) => `    gone  ${name}`),
    ...added.map((name) => `   added  ${name}`),
    `${differences.length} counted figures of both runs: ${differences.length - different.length} the same, ${over} differ by ${TOLERANCE * 100} % or more`,
  ];
  return { text: lines.join('\n'), tooLarge: over > 0 };
}
