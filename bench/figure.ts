/** One figure. It is reached when its value is at most the target, and at least `least`; one without a target is there to be known, and counts as reached. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target: number | null;
  /** Where less than expected is a fault as well. */
  readonly least?: number;
  /** The same figure of other designs or tools, measured in the same run or computed from published prices. */
  readonly peers: Readonly<Record<string, number>>;
  /** What no design can go below. */
  readonly floor: number | null;
  /** Where several figures belong together. */
  readonly group?: string;
  /** The same at every run on every machine: a missed target is a fault, and not a slow machine. */
  readonly exact?: boolean;
}

/** A figure of a group; one without a target is there to be known. */
export const figureOf = (
  group: string,
  name: string,
  value: number,
  unit: string,
  more: Partial<Pick<Figure, 'target' | 'least' | 'peers' | 'floor' | 'exact'>> = {},
): Figure => ({ group, name, value, unit, target: null, peers: {}, floor: null, ...more });

/** A number as people read it: four digits, in full from 1,000 on. */
export function readable(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return value === 0 ? '0' : String(Number(value.toPrecision(3)));
}

export const isReached = ({ value, target, least = Number.NEGATIVE_INFINITY }: Figure): boolean =>
  target === null || (value <= target && value >= least);

export const HEADINGS = ['figure', 'value', 'target', 'reached', 'over the floor', 'peers'] as const;

/** One figure as the cells of a table. */
export function cellsOf(figure: Figure): string[] {
  const { name, value, unit, target, least, peers, floor } = figure;
  const aim = target === null ? '' : `≤ ${readable(target)}`;
  return [
    name,
    `${readable(value)} ${unit}`.trim(),
    least === undefined ? aim : `≥ ${readable(least)}, ${aim}`,
    target === null ? '' : isReached(figure) ? 'yes' : 'MISSED',
    floor === null || floor === 0 ? '' : `${readable(value / floor)} × ${readable(floor)}`,
    Object.entries(peers)
      .map(([peer, of]) => `${peer}: ${readable(of)}`)
      .join('; '),
  ];
}

/** The figures as a table for a terminal. */
export function formatFigures(figures: readonly Figure[]): string {
  const all = [[...HEADINGS], ...figures.map(cellsOf)];
  const widths = all.reduce<number[]>(
    (widest, row) => row.map((cell, index) => Math.max(widest[index] ?? 0, cell.length)),
    [],
  );
  return all
    .map((row) =>
      row
        .map((cell, index) => cell.padEnd(widths[index] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
