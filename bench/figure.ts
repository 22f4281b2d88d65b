/** One figure. It is reached when its value is at most the target and at least `least`; without a target it counts as reached. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target: number | null;
  /** Where less than expected is a fault as well. */
  readonly least?: number;
  /** The same figure of another design, counted in the same run. */
  readonly peers: Readonly<Record<string, number>>;
  /** What no design can go below. */
  readonly floor: number | null;
  /** Where several figures belong together. */
  readonly group: string;
  /** The same in every run on every machine: a missed target is a fault, not a slow machine. */
  readonly exact: boolean;
}

export type FigureDetails = Partial<Pick<Figure, 'target' | 'least' | 'peers' | 'floor' | 'exact'>>;

export const figureOf = (
  group: string,
  name: string,
  value: number,
  unit: string,
  more: FigureDetails = {},
): Figure => ({
  group,
  name,
  value,
  unit,
  target: null,
  peers: {},
  floor: null,
  exact: false,
  ...more,
});

/** A number as people read it: three digits, in full from 1,000 on. */
export function readable(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return value === 0 ? '0' : String(Number(value.toPrecision(3)));
}

export const isReached = ({ value, target, least = Number.NEGATIVE_INFINITY }: Figure): boolean =>
  target === null || (value <= target && value >= least);

const HEADINGS = ['figure', 'value', 'target', 'reached', 'over the floor', 'peers'];

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
export const formatFigures = (figures: readonly Figure[]): string => alignColumns([HEADINGS, ...figures.map(cellsOf)]);

/** Rows of cells as lines in which each column is as wide as its widest cell. */
export function alignColumns(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, i) => Math.max(widest[i] ?? 0, cell.length)),
    [],
  );
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
