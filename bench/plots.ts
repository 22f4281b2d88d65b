import { readable } from './figure.ts';

/** One bar of a plot. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  /** The product's own, drawn to stand out. */
  readonly own: boolean;
}

export interface Plot {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 760;
const LABELS = 300;
const NUMBERS = 90;
const ROW = 30;
const TOP = 56;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * Horizontal bars on a logarithmic scale, from a tenth of the smallest value on, as an SVG of its own: designs differ by factors, and on a linear scale
 * only the largest would be seen. Values must be above 0.
 */
export function drawBars({ title, unit, bars }: Plot): string {
  const logs = bars.map(({ value }) => Math.log10(value));
  const least = Math.floor(Math.min(...logs)) - 1;
  const range = Math.max(...logs) - least;
  const width = (log: number): number => ((log - least) / range) * (WIDTH - LABELS - NUMBERS);
  const height = TOP + bars.length * ROW + 10;
  const drawn = bars.map(({ label, value, own }, index) => {
    const y = TOP + index * ROW;
    const end = width(logs[index] ?? least);
    return [
      `<text x="${LABELS - 10}" y="${y + 18}" text-anchor="end"${own ? ' font-weight="bold"' : ''}>${escaped(label)}</text>`,
      `<rect x="${LABELS}" y="${y + 3}" width="${end.toFixed(1)}" height="${ROW - 8}" fill="${own ? '#0b6e4f' : '#9aa5b1'}"/>`,
      `<text x="${(LABELS + end + 6).toFixed(1)}" y="${y + 18}">${readable(value)}</text>`,
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" fill="#1f2933" role="img" aria-label="${escaped(title)}">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="10" y="22" font-size="16" font-weight="bold">${escaped(title)}</text>
<text x="10" y="42" fill="#52606d">${escaped(unit)}, on a logarithmic scale</text>
${drawn.join('\n')}
</svg>
`;
}
