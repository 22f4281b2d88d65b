import { GATEWAY_STATUSES } from '#simulator/faults.ts';
import { FAULTS, type Fault } from '../world/disturbance.ts';
import type { Random } from '../world/random.ts';

/** `gateway` answers with the status of the mix. */
export const OUTAGES = ['unreachable', 'gateway', 'http-503', 'lost', 'unauthorized', 'too-many'] as const;

export interface Outage {
  readonly kind: (typeof OUTAGES)[number];
  /** Milliseconds after the start; `to` is after the end. */
  readonly from: number;
  readonly to: number;
  /** The organisation it hits, by number; null: all of them. */
  readonly organisation: number | null;
}

export interface Aim {
  readonly worker: RegExp;
  readonly call: RegExp;
  readonly nth: number;
  readonly fault: Fault;
  /** Only calls of a worker that an earlier aim has struck count. */
  readonly isFollowing?: boolean;
}

/** What goes wrong in one history, and how often. Shares are of calls, messages, executions. */
export interface FaultMix {
  /** Names of the families that are on. */
  readonly families: readonly Family[];
  /** Milliseconds after the start from which on things go wrong at `after` times their share. */
  readonly calmFrom: number;
  readonly after: number;
  /** Of calls to the table, the queue, the bucket and so on; and which of them for certain, by their number. */
  readonly faults: Readonly<Record<Fault, number>>;
  readonly certain: ReadonlyMap<number, Fault>;
  /** For certain, the so-many-eth (from 1) of these calls of these workers. */
  readonly aimed: readonly Aim[];
  /** Of calls of the workers that advance chunks, how many are their last: a chunk that cannot get anywhere has to be given up. */
  readonly deadly: number;
  /** Of calls, how many take some milliseconds, so that workers come between each other. */
  readonly pauses: number;
  readonly messages: { readonly doubled: number; readonly late: number; readonly unsent: number };
  /** How long a slow call is held up, at the least and at the most, in milliseconds. */
  readonly slowness: readonly [number, number];
  /** Of batch writes, how many leave something undone; of reads of an index, how many are behind. */
  readonly table: { readonly unprocessed: number; readonly stale: number };
  readonly executions: { readonly doubled: number; readonly dying: number };
  readonly recovery: { readonly left: number; readonly doubled: number };
  /** Of upstream calls: how they fail, by themselves. */
  readonly upstream: {
    readonly answerLost: number;
    readonly requestLost: number;
    readonly refused: number;
    readonly serverError: number;
    readonly unavailable: number;
  };
  readonly outages: readonly Outage[];
  /** When no function that advances chunks can run, in milliseconds after the start; `to` is after the end. */
  readonly absences: readonly { readonly from: number; readonly to: number }[];
  /** Milliseconds by which a worker's clock is early or late at the most. */
  readonly clockSpread: number;
  /** When new code with other settings replaces the old, in milliseconds after the start. */
  readonly deploys: readonly number[];
  /** Of clients' calls, how many are given up before the answer comes. */
  readonly impatience: number;
  /** Of upstream calls, how many a gateway answers, before and after they are processed, and with what status. */
  readonly gateway: { readonly before: number; readonly after: number; readonly status: number };
  /** Of FI requests and status calls, how many are answered about another session. */
  readonly astray: number;
}

export const FAMILIES = [
  'death',
  'failure',
  'repeat',
  'hang',
  'slow',
  'certain',
  'pauses',
  'table',
  'messages',
  'executions',
  'recovery',
  'upstream',
  'outage',
  'absence',
  'clocks',
  'deploy',
  'clients',
] as const;
export type Family = (typeof FAMILIES)[number];

const MINUTE = 60_000;

/** Which families are on: none, a single one, some, or nearly all. */
function familiesOf(random: Random): Family[] {
  const share = random.weighted([
    [8, 0],
    [30, -1],
    [42, 0.35],
    [20, 0.85],
  ]);
  if (share < 0) {
    const single = random.pick(FAMILIES);
    // Workers that never come between each other would hide most of what a single family can do.
    return random.chance(0.5) && single !== 'pauses' ? [single, 'pauses'] : [single];
  }
  return FAMILIES.filter(() => random.chance(share));
}

/**
 * Draws what goes wrong in a history.
 * @param families what is on; drawn where it is not given
 */
export function drawFaults(
  random: Random,
  organisations: number,
  deadline: number,
  families: readonly Family[] = familiesOf(random),
): FaultMix {
  const on = (family: Family, share: () => number): number => (families.includes(family) ? share() : 0);
  const strength = random.weighted([
    [5, 1],
    [3, 3],
    [1, 8],
  ]);
  const upTo = (most: number) => (): number => Math.min(0.9, random.next() * most * strength);
  const isDeadly = families.includes('death') && random.chance(0.08);
  const shortCalm = random.weighted([
    [7, random.int(2, 10) * MINUTE],
    [3, random.int(10, 30) * MINUTE],
    [0.6, random.int(30, 150) * MINUTE],
    [0.2, deadline + 30 * MINUTE],
  ]);
  const calmFrom = isDeadly ? random.pick([50 * MINUTE, deadline + 30 * MINUTE]) : shortCalm;
  const many = <T>(most: number, make: () => T): T[] => Array.from({ length: random.int(1, most) }, make);
  return {
    families,
    calmFrom,
    after: random.weighted([
      [4, 0],
      [1, 0.02],
    ]),
    faults: {
      'dies-before': on('death', upTo(0.02)),
      'dies-after': on('death', upTo(0.02)),
      'fails-before': on('failure', upTo(0.02)),
      'fails-after': on('failure', upTo(0.02)),
      repeats: on('repeat', upTo(0.04)),
      echoes: on('repeat', upTo(0.04)),
      throttled: on('table', upTo(0.04)),
      'hangs-before': on('hang', upTo(0.005)),
      'hangs-after': on('hang', upTo(0.005)),
      'slow-before': on('slow', upTo(0.02)),
      'slow-after': on('slow', upTo(0.02)),
    },
    certain: new Map(
      families.includes('certain') ? many(3, () => [random.int(0, 150), random.pick(FAULTS)] as const) : [],
    ),
    aimed: [],
    deadly: isDeadly ? random.pick([0.4, 0.7]) : 0,
    pauses: on('pauses', () => random.pick([0.1, 0.3, 1])),
    slowness: [1_000, 40_000],
    table: { unprocessed: on('table', upTo(0.3)), stale: on('table', upTo(0.5)) },
    messages: {
      doubled: on('messages', () => random.pick([0.1, 0.5, 1])),
      late: on('messages', upTo(0.3)),
      unsent: on('messages', upTo(0.2)),
    },
    executions: { doubled: on('executions', () => random.pick([0.1, 0.5])), dying: on('executions', upTo(0.1)) },
    recovery: { left: on('recovery', upTo(0.3)), doubled: on('recovery', upTo(0.3)) },
    upstream: {
      answerLost: on('upstream', upTo(0.06)),
      requestLost: on('upstream', upTo(0.06)),
      refused: on('upstream', upTo(0.04)),
      serverError: on('upstream', upTo(0.06)),
      unavailable: on('upstream', upTo(0.06)),
    },
    outages: families.includes('outage') ? many(3, () => outageOf(random, organisations)) : [],
    absences: families.includes('absence') ? [absenceOf(random)] : [],
    clockSpread: on('clocks', () => random.int(1, 1000)),
    deploys: families.includes('deploy') ? many(3, () => random.int(0, 15 * MINUTE)).toSorted((a, b) => a - b) : [],
    impatience: on('clients', upTo(0.3)),
    gateway: {
      before: on('upstream', upTo(0.06)),
      after: on('upstream', upTo(0.06)),
      status: random.pick(GATEWAY_STATUSES),
    },
    astray: on('upstream', upTo(0.06)),
  };
}

function absenceOf(random: Random): FaultMix['absences'][number] {
  const from = random.int(0, 8 * MINUTE);
  return { from, to: from + random.int(10, 150) * MINUTE };
}

/**
 * The same mix, in some histories with an FI request that goes out at the very end of its worker's time and is lost, and a worker that dies of it: a
 * lease has to outlast both. Drawn apart from the rest, as it changes nothing in the other histories.
 */
export function withLateCalls(random: Random, mix: FaultMix): FaultMix {
  if (mix.aimed.length > 0 || !random.chance(0.05)) return mix;
  const families = [...new Set<Family>([...mix.families, 'slow', 'death', 'upstream'])];
  return {
    ...mix,
    families,
    slowness: [34_000, 39_500],
    aimed: [
      { worker: /^advance-chunk/, call: /^chunks\.saveState$/, nth: random.int(1, 4), fault: 'slow-after' },
      {
        worker: /^advance-chunk/,
        call: /^finPro\.requestFi$/,
        nth: random.int(1, 2),
        fault: 'dies-after',
        isFollowing: true,
      },
    ],
    upstream: { ...mix.upstream, requestLost: 0.6 },
  };
}

function outageOf(random: Random, organisations: number): Outage {
  const from = random.int(0, 8 * MINUTE);
  const length = random.weighted([
    [5, random.int(1, 90) * 1000],
    [3, random.int(2, 10) * MINUTE],
    [0.5, random.int(10, 60) * MINUTE],
  ]);
  return {
    kind: random.pick(OUTAGES),
    from,
    to: from + length,
    organisation: random.chance(0.5) ? random.int(0, organisations - 1) : null,
  };
}
