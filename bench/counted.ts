import { demoConsents } from '../cli/demo-consents.ts';
import type { Assembly } from '../local/template/assembly.ts';
import { readinessSeconds } from '../simulator/readiness.ts';
import type { Figure } from './figure.ts';
import { runLimitedExecutions } from './peers/virtual-executions.ts';
import { runVirtualBatch, type VirtualBatch } from './virtual/virtual-batch.ts';

export const ROWS = 10_000;
const LIMIT = 1000;
/** The peer runs a tenth of the rows with a tenth of the budget. */
const SHARE = 10;
/** A batch that no limit holds up is accepted at any point of a window, but for its first seconds. */
export const MID_WINDOW = 10_000;
const ONE_A_ROW = 'one execution a row';
const GROUP = 'Counted on a virtual clock';

export const consentsOf = (rows: number): string[] => demoConsents(rows).map(({ consentId }) => consentId);
const quantile = (sorted: readonly number[], share: number): number => sorted[Math.floor(share * sorted.length)] ?? 0;

/** What was counted, for other figures to build on. */
export interface Counted {
  readonly figures: readonly Figure[];
  readonly limited: VirtualBatch;
  readonly unlimited: VirtualBatch;
  /** Polls of a row by the schedule without a limit. */
  readonly pollsARow: number;
}

/** The units and the times of a batch of 10,000 rows which do not depend on the machine: see `virtual/virtual-batch.ts`. */
export async function countBatches(assembly: Assembly): Promise<Counted> {
  const consents = consentsOf(ROWS);
  const run = (balances: boolean, limit: number | null) =>
    runVirtualBatch({ assembly, batches: [consents], balances, limit, intoWindow: limit === null ? MID_WINDOW : 0 });
  const limited = await run(false, LIMIT);
  const withBalances = await run(true, LIMIT);
  const unlimited = await run(false, null);
  const sample = consents.slice(0, ROWS / SHARE);
  const peer = await runLimitedExecutions(sample, LIMIT / SHARE);
  const freePeer = await runLimitedExecutions(sample, null);
  const pollsARow = freePeer.answered / sample.length - 1;

  const figure = (name: string, value: number, target: number | null, extra: Partial<Figure> = {}): Figure => ({
    group: GROUP,
    exact: true,
    unit: '',
    peers: {},
    floor: null,
    name,
    value,
    target,
    ...extra,
  });
  const units = ({ units: { 'dynamodb.writeUnit': table, 'dynamodb.indexWriteUnit': index } }: VirtualBatch): number =>
    table + index;
  const callsOf = ({ upstream: { fiRequests, statusCalls, balanceCalls } }: VirtualBatch): number =>
    (fiRequests + statusCalls + balanceCalls) / ROWS;
  const floorMinutes = (calls: number): number => (calls * ROWS) / LIMIT;
  const longest = Math.max(...consents.map(readinessSeconds)) * 1000;
  const makespan = { unit: 'times', floor: 1 };
  const seconds = { unit: 's' };
  const delay = (label: string, { delays }: VirtualBatch): Figure[] => [
    figure(`ready to stored, half of the rows, ${label}`, quantile(delays, 0.5) / 1000, null, seconds),
    figure(`ready to stored, 95 % of the rows, ${label}`, quantile(delays, 0.95) / 1000, null, seconds),
  ];
  const transitions = { peers: { [ONE_A_ROW]: freePeer.transitions * SHARE }, floor: 20 };
  const busy = { ...transitions, peers: { [`${ONE_A_ROW}, retrying 429s`]: peer.transitions * SHARE } };
  return {
    limited,
    unlimited,
    pollsARow,
    figures: [
      figure('Step Functions transitions, 1,000 calls a minute', limited.transitions, 800, busy),
      figure('Step Functions transitions, with balances', withBalances.transitions, 800, busy),
      figure('Step Functions transitions, no limit', unlimited.transitions, 800, transitions),
      figure('DynamoDB write units, 1,000 calls a minute', units(limited), 2500, {
        peers: { [ONE_A_ROW]: 9 * ROWS },
        floor: 190,
      }),
      figure('DynamoDB write units, with balances', units(withBalances), null),
      figure('DynamoDB write units, no limit', units(unlimited), 2500, {
        peers: { [ONE_A_ROW]: 9 * ROWS },
        floor: 190,
      }),
      figure('DynamoDB read units, 1,000 calls a minute', limited.units['dynamodb.readUnit'], null),
      figure('DynamoDB read units, no limit', unlimited.units['dynamodb.readUnit'], null),
      figure('invocations of the chunk workers, no limit', unlimited.invocations, null),
      figure('upstream calls a row, 1,000 a minute', callsOf(limited), 2.35, {
        peers: { [`${ONE_A_ROW}, 429s included`]: peer.calls / sample.length },
        floor: 2,
      }),
      figure('upstream calls a row, with balances', callsOf(withBalances), 3.35, { floor: 3 }),
      figure('upstream calls a row, no limit', callsOf(unlimited), null, {
        peers: { [ONE_A_ROW]: freePeer.calls / sample.length },
        floor: 2,
      }),
      figure('makespan over the floor, 1,000 a minute', limited.makespan / 60_000 / floorMinutes(2), 1.3, {
        ...makespan,
        peers: { [`${ONE_A_ROW}, retrying 429s`]: peer.makespan / 60_000 / floorMinutes(2) },
      }),
      figure('makespan over the floor, with balances', withBalances.makespan / 60_000 / floorMinutes(3), 1.3, makespan),
      figure('makespan over the slowest row, no limit', unlimited.makespan / longest, 1.3, {
        ...makespan,
        peers: { [ONE_A_ROW]: freePeer.makespan / longest },
      }),
      figure('windows of the upstream over its limit', limited.upstream.windowsOverLimit, 0),
      ...delay('no limit', unlimited),
      ...delay('1,000 a minute', limited),
    ],
  };
}
