import type { BenchRecord } from './record.ts';

/**
 * What has one of these units depends on the machine, unless it is exact; everything else is counted, or made of what is. How many units a page of
 * the local cloud's batch takes depends on how its rows were shared between advances.
 */
const MEASURED_UNITS: ReadonlySet<string> = new Set(['ms', 'MB', 'units']);
const TOLERANCE = 0.02;

/**
 * Compares the counted figures of two runs by their names, those first that differ most. Says whether one differs too much. Figures come and go:
 * what only one run has is named, and is no fault. Throws where they have none in common.
 */
export function compareRuns(first: BenchRecord, second: BenchRecord): { text: string; tooLarge: boolean } {
  const [before, after] = [countedIn(first), countedIn(second)];
  const both = [...before].flatMap(([name, value]) => {
    const other = after.get(name);
    return other === undefined ? [] : [{ name, value, other, share: shareOf(value, other) }];
  });
  if (both.length === 0) throw new Error('the two runs have no counted figure in common');
  const different = both.filter(({ share }) => share > 0).toSorted((a, b) => b.share - a.share);
  const over = different.filter(({ share }) => share >= TOLERANCE).length;
  const lines = [
    ...different.map(
      ({ name, value, other, share }) => `${(share * 100).toFixed(2).padStart(6)} %  ${name}: ${value}, ${other}`,
    ),
    ...[...before.keys()].filter((name) => !after.has(name)).map((name) => `    gone  ${name}`),
    ...[...after.keys()].filter((name) => !before.has(name)).map((name) => `   added  ${name}`),
    `${both.length} counted figures of both runs: ${both.length - different.length} the same, ${over} differ by ${TOLERANCE * 100} % or more`,
  ];
  return { text: lines.join('\n'), tooLarge: over > 0 };
}

const shareOf = (value: number, other: number): number =>
  value === other ? 0 : Math.abs(other - value) / Math.abs(value);

const countedIn = ({ figures }: BenchRecord): ReadonlyMap<string, number> =>
  new Map(
    figures.flatMap(({ name, value, unit, exact }) => (exact || !MEASURED_UNITS.has(unit) ? [[name, value]] : [])),
  );
