import { type BenchRecord, figureIn, type PricedBill } from '../record.ts';

/** Services by the first part of their units, in the order of the bars; what isn't named is "the rest". */
const SERVICES = [
  { prefix: 'states.', name: 'Step Functions', colour: '#0b6e4f' },
  { prefix: 'lambda.', name: 'Lambda', colour: '#e0a458' },
  { prefix: 'dynamodb.', name: 'DynamoDB', colour: '#3d5a80' },
  { prefix: '', name: 'the rest', colour: '#9aa5b1' },
] as const;

const WIDTH = 760;
const LABELS = 250;
const NUMBERS = 90;
const BAR = 34;
const TOP = 84;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** US dollars of a bill by service, in the order of `SERVICES`. */
function dollarsByService({ lines }: PricedBill): number[] {
  const serviceOf = (unit: string): number => SERVICES.findIndex(({ prefix }) => unit.startsWith(prefix));
  return SERVICES.map((_, service) =>
    lines.filter(({ unit }) => serviceOf(unit) === service).reduce((sum, { usd }) => sum + usd, 0),
  );
}

/** What a batch costs in each of the circumstances and by service, beside the target, as an SVG. */
export function pricePicture(record: BenchRecord): string {
  const { target } = figureIn(record, 'AWS list price, us-east-1, no limit');
  if (target === null) throw new Error('the price has no target');
  const totals = record.prices.map(({ lines }) => lines.reduce((sum, { usd }) => sum + usd, 0));
  const scale = (WIDTH - LABELS - NUMBERS) / Math.max(target, ...totals);
  const height = TOP + record.prices.length * BAR + 14;
  const bars = record.prices.flatMap((bill, index) => {
    const y = TOP + index * BAR;
    let x = LABELS;
    const parts = dollarsByService(bill).map((usd, service) => {
      const width = usd * scale;
      const part = `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${BAR - 10}" fill="${SERVICES[service]?.colour}"/>`;
      x += width;
      return part;
    });
    return [
      `<text x="${LABELS - 10}" y="${y + 17}" text-anchor="end">${escaped(bill.design)}</text>`,
      ...parts,
      `<text x="${WIDTH - 10}" y="${y + 17}" text-anchor="end">$${(totals[index] ?? 0).toFixed(4)}</text>`,
    ];
  });
  const legend = SERVICES.flatMap(({ name, colour }, index) => {
    const x = LABELS + index * 125;
    return [
      `<rect x="${x}" y="40" width="12" height="12" fill="${colour}"/>`,
      `<text x="${x + 18}" y="51">${name}</text>`,
    ];
  });
  const limit = (LABELS + target * scale).toFixed(1);
  const title = 'What a batch of 10,000 rows costs, us-east-1';
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" fill="#1f2933" role="img" aria-label="${title}">
<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
<text x="10" y="22" font-size="16" font-weight="bold">${title}</text>
${legend.join('\n')}
${bars.join('\n')}
<line x1="${limit}" y1="${TOP - 6}" x2="${limit}" y2="${height - 8}" stroke="#c1121f" stroke-dasharray="4 3"/>
<text x="${limit}" y="${TOP - 10}" text-anchor="middle" fill="#c1121f">target $${target}</text>
</svg>
`;
}
