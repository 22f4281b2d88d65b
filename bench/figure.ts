/** One measured figure. It is reached when its value is at most the target. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly target: number;
  /** The same figure of other designs or tools, measured in the same run or computed from published prices. */
  readonly peers: Readonly<Record<string, number>>;
  /** What no design can go below. */
  readonly floor: number | null;
}

const rounded = (value: number): string => (Math.abs(value) < 10 ? value.toFixed(3) : value.toFixed(0));

export const isReached = ({ value, target }: Figure): boolean => value <= target;

/** The figures as a table for people. */
export function formatFigures(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => [
    figure.name,
    `${rounded(figure.value)} ${figure.unit}`,
    `≤ ${rounded(figure.target)}`,
    isReached(figure) ? 'reached' : 'MISSED',
    Object.entries(figure.peers)
      .map(([peer, value]) => `${peer}: ${rounded(value)}`)
      .join(', '),
  ]);
  const all = [['figure', 'measured', 'target', '', 'peers'], ...rows];
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
