import { CIRCUMSTANCES } from '../circumstances.ts';
import { readable } from '../figure.ts';
import { type BenchRecord, figureIn } from '../record.ts';

const ALL = Object.values(CIRCUMSTANCES);

/** A label, the name of its figure in each of the circumstances (null where there is none), how to show it, and whose it is if not this design's. */
type Row = readonly [
  label: string,
  names: readonly (string | null)[],
  show: (value: number) => string,
  peers?: string[],
];

const dollars = (value: number): string => `$${value < 1 ? value.toFixed(4) : value.toFixed(2)}`;
const seconds = (value: number): string => `${readable(value)} s`;
const ratio = (value: number): string => value.toFixed(2);
const long = (name: string): string[] => ALL.map(({ label }) => `${name}, ${label}`);
const short = (name: string): string[] => ALL.map(({ short: circumstance }) => `${name}, ${circumstance}`);

const PRICE = long('AWS list price, us-east-1');
const TRANSITIONS = long('Step Functions transitions');
const SLOW = short('AWS list price, us-east-1').map((name) =>
  name.endsWith('balances') ? `${name}, FinPro four times as slow` : null,
);
const PEERS = ALL.map(({ peer }) => peer);
const MAKESPANS = ['the floor, 1,000 a minute', 'the slowest row, no limit'];
const AT_ONCE = ['10 × 1,000 rows, 1,000 calls a minute for all', null, '10 × 1,000 rows, no limit', null];
const ROWS: readonly Row[] = [
  ['list price, us-east-1', PRICE, dollars],
  ['list price, ap-south-1', long('AWS list price, ap-south-1'), dollars],
  ['us-east-1, if FinPro is four times as slow', SLOW, dollars],
  ['Step Functions transitions', TRANSITIONS, readable],
  ['DynamoDB write units', long('DynamoDB write units'), readable],
  ['read units of a status page of 100', short('read units of a status page'), readable],
  ['calls to FinPro per row', short('upstream calls a row'), ratio],
  [
    'time to the last row, over the shortest possible',
    MAKESPANS.flatMap((over) => [`makespan over ${over}`, `makespan over ${over}, with balances`]),
    ratio,
  ],
  ['ready to stored, median', short('ready to stored, half of the rows'), seconds],
  ['ready to stored, 95 %', short('ready to stored, 95 % of the rows'), seconds],
  [
    "rate windows over FinPro's limit",
    ['windows of the upstream over its limit', 'windows over the limit, with balances', null, null],
    readable,
  ],
  [
    'ten batches of 1,000 rows at once: price of each, over one alone',
    AT_ONCE.map((of) => of && `${of}: price each, over one alone`),
    ratio,
  ],
  ['local cloud: transitions, over those counted', [null, 'transitions, over those counted', null, null], ratio],
  ['local cloud: write units, over those counted', [null, 'write units, over those counted', null, null], ratio],
  ['*one execution per row*: list price, us-east-1', PRICE, dollars, PEERS],
  ['*one execution per row*: Step Functions transitions', TRANSITIONS, readable, PEERS],
];

/** The one table of `docs/performance.md`: what a batch of 10,000 rows takes in each of the four circumstances. */
export function figuresTable(record: BenchRecord): string {
  const rows = ROWS.map(([label, names, show, peers]) => {
    const targets = new Set<string>();
    const values = names.map((name, column) => {
      if (name === null) return '';
      const { value, target, least, peers: others } = figureIn(record, name);
      if (peers) {
        const other = others[peers[column] ?? ''];
        if (other === undefined) throw new Error(`${name} has no other design beside it`);
        return show(other);
      }
      if (target !== null) targets.add(least === undefined ? `≤ ${show(target)}` : `${show(least)} to ${show(target)}`);
      return show(value);
    });
    return [label, [...targets].join(', '), ...values];
  });
  return [
    ['for 10,000 rows', 'target', ...ALL.map(({ label }) => label)],
    ['---', '---', ...ALL.map(() => '---:')],
    ...rows,
  ]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

export const measuredLine = ({ at, machine, pricesAsOf }: BenchRecord): string =>
  `Last whole run: ${at.slice(0, 10)}, on ${machine}; prices looked up in ${pricesAsOf}.`;
