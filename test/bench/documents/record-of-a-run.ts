import { type Figure, type FigureDetails, figureOf } from '#bench/figure.ts';
import { recordOf, recordWith } from '../records.ts';

const LONG = ['1,000 calls a minute', '1,000 calls a minute, with balances', 'no limit', 'no limit, with balances'];
const SHORT = ['1,000 a minute', '1,000 a minute, with balances', 'no limit', 'no limit, with balances'];

/** The same figure in each of the four circumstances, beside one execution per row where it has values. */
const inEach = (
  name: string,
  circumstances: readonly string[],
  values: readonly number[],
  { peers = [], ...more }: Omit<FigureDetails, 'peers'> & { readonly peers?: readonly number[] } = {},
): Figure[] =>
  circumstances.map((circumstance, column) => {
    const other = column < 2 ? 'one execution a row, with a limiter' : 'one execution a row';
    const beside = peers.length > 0 ? { [other]: peers[column] ?? 0 } : {};
    return figureOf('group', `${name}, ${circumstance}`, values[column] ?? 0, '', { ...more, peers: beside });
  });

const others = recordOf({
  'makespan over the floor, 1,000 a minute': 1,
  'makespan over the floor, 1,000 a minute, with balances': 1,
  'makespan over the slowest row, no limit': 1.28,
  'makespan over the slowest row, no limit, with balances': 1.28,
  'windows of the upstream over its limit': 0,
  'windows over the limit, with balances': 0,
  'AWS list price, us-east-1, 1,000 a minute, with balances, FinPro four times as slow': 0.03,
  'AWS list price, us-east-1, no limit, with balances, FinPro four times as slow': 0.04,
  '10 × 1,000 rows, 1,000 calls a minute for all: price each, over one alone': 0.6,
  '10 × 1,000 rows, no limit: price each, over one alone': 1,
  'read units of a status page of 100, unfiltered': 10,
  'first page with balances: read units': 15,
  'search: read units': 150,
  'read units, no limit, with balances': 1500,
  'write units of the index, no limit, with balances': 2,
  'seconds of start-chunk, no limit, with balances': 100,
  'seconds of advance-chunk, no limit, with balances': 200,
  'advance-chunk, most at once, 1,000 a minute, with balances': 10,
  'recovery: processor time an open batch': 5,
}).figures;

/** A record with every figure that the documents show. */
export const RECORD = recordWith([
  ...inEach('AWS list price, us-east-1', LONG, [0.011, 0.012, 0.013, 0.014], {
    target: 0.025,
    peers: [2, 3, 2.5, 2.75],
  }),
  ...inEach('AWS list price, ap-south-1', LONG, [0.015, 0.016, 0.017, 0.018], { target: 0.03 }),
  ...inEach('Step Functions transitions', LONG, [600, 700, 750, 80_000], { target: 800, peers: [9e4, 12e4, 9e4, 1e5] }),
  ...inEach('DynamoDB write units', LONG, [1500, 1600, 1700, 1800], { target: 2500 }),
  ...inEach('read units of a status page', SHORT, [9, 9, 9, 10], { target: 18 }),
  ...inEach('upstream calls a row', SHORT.slice(0, 1), [2], { target: 2.35 }),
  ...inEach('upstream calls a row', SHORT.slice(1, 2), [3], { target: 3.35 }),
  ...inEach('upstream calls a row', SHORT.slice(2), [3.25, 4.25]),
  ...inEach('ready to stored, half of the rows', SHORT, [500, 700, 8, 9]),
  ...inEach('ready to stored, 95 % of the rows', SHORT, [900, 1300, 50, 51]),
  figureOf('group', 'transitions, over those counted', 0.99, 'times', { least: 0.9, target: 1.1 }),
  figureOf('group', 'write units, over those counted', 1.01, 'times', { least: 0.9, target: 1.1 }),
  ...others,
]);
