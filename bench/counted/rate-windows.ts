import { acceptBatch } from '#lambdas/batch/accept.ts';
import type { RateLimit } from '#simulator/rate-window.ts';
import { readyAfter } from '#test/world/consent-behaviour.ts';
import type { ScriptedFinPro } from '#test/world/finpro.ts';
import { pseudoRandom } from '#test/world/item-sizes.ts';
import { reportOf, runToEnd } from '#test/world/run.ts';
import { consents, submissionOf } from '#test/world/submissions.ts';
import { ratedWorld, START } from '#test/world/unit-worlds.ts';
import { type Figure, figureOf } from '../figure.ts';

/** The length of windows in the settings, in seconds. */
export const EXPECTED_SECONDS = 60;
const CHUNKS = 40;
const HOURS = 3_600_000;
/** In the middle of a window from the epoch on. */
const ACCEPTED_AT = START + 37_000;

/** A kind of rate windows that public limiters have. */
export interface WindowKind {
  readonly name: string;
  readonly rateLimit: Partial<RateLimit>;
  /** What else is unusual of the upstream. */
  readonly disturb?: (finPro: ScriptedFinPro) => void;
}

/** Headers come with every so-many-eth answer. */
const toldBy = (nth: number) => (finPro: ScriptedFinPro) => {
  let calls = 0;
  finPro.tells = () => {
    calls += 1;
    return calls % nth === 0;
  };
};

/** What is left of a clock that is off, where `Date` has whole seconds. */
const offByASecond = (finPro: ScriptedFinPro): void => {
  const random = pseudoRandom(5);
  finPro.resetError = () => [-1_000, 0, 1_000][Math.floor(random() * 3)] ?? 0;
};

const LENGTHS = [10, 20, 30, 45, 60, 120, 300];

export const WINDOW_KINDS: readonly WindowKind[] = [
  ...LENGTHS.flatMap((windowSeconds): WindowKind[] => [
    { name: `${windowSeconds} s from the epoch on`, rateLimit: { windowSeconds } },
    { name: `${windowSeconds} s, shifted`, rateLimit: { windowSeconds, shiftSeconds: 7 } },
    { name: `${windowSeconds} s from the first call on`, rateLimit: { windowSeconds, begins: 'first-call' } },
  ]),
  { name: '60 s by endpoint', rateLimit: { byEndpoint: true, shiftSeconds: 23 } },
  { name: '60 s by endpoint, from the first call on', rateLimit: { byEndpoint: true, begins: 'first-call' } },
  { name: '60 s, shifted, resets off by a second', rateLimit: { shiftSeconds: 23 }, disturb: offByASecond },
  {
    name: '60 s from the first call on, resets off by a second',
    rateLimit: { begins: 'first-call' },
    disturb: offByASecond,
  },
  {
    name: '20 s from the first call on, headers on every fifth answer',
    rateLimit: { windowSeconds: 20, begins: 'first-call' },
    disturb: toldBy(5),
  },
  {
    name: '60 s, shifted, headers on polls only',
    rateLimit: { shiftSeconds: 23 },
    disturb: (finPro) => {
      finPro.tells = ({ kind }) => kind !== 'request';
    },
  },
  { name: '60 s from the first call on, no headers', rateLimit: { begins: 'first-call' }, disturb: toldBy(Infinity) },
];

/** How a batch went whose upstream has such windows. */
export interface WindowsPlayed {
  /** Milliseconds from acceptance to the last call. */
  readonly makespan: number;
  /** Windows over the limit, but for the first two: nothing was known of them yet, and calls were under way. */
  readonly overLimit: number;
  readonly failedRows: number;
  /** The length in the ledger at the end, in seconds, and the limit. */
  readonly learntSeconds: number;
  readonly learntLimit: number;
}

/**
 * Plays a batch in 40 chunks, without balances, on the virtual clock.
 * @param limit calls a window, by the settings and, unless the kind has its own, by the upstream
 * @param expectedSeconds the length of windows by the settings
 */
export async function playWindows(
  { rateLimit, disturb }: Omit<WindowKind, 'name'>,
  rows: number,
  limit: number,
  expectedSeconds = EXPECTED_SECONDS,
): Promise<WindowsPlayed> {
  const world = ratedWorld({
    UPSTREAM_LIMIT: String(limit),
    UPSTREAM_WINDOW_SECONDS: String(expectedSeconds),
    CHUNK_ROWS: String(Math.ceil(rows / CHUNKS)),
    BALANCES: 'off',
  });
  const { finPro, clock, ledgers } = world;
  const random = pseudoRandom(3);
  finPro.rateLimit = { limit, windowSeconds: EXPECTED_SECONDS, ...rateLimit };
  finPro.latency = () => 50 + random() * 400;
  disturb?.(finPro);
  const submitted = consents(rows);
  for (const [index, consent] of submitted.entries()) {
    finPro.behave(consent, { session: readyAfter(2 + (index % 40)) });
  }
  world.start();
  await clock.runUntil(ACCEPTED_AT);
  await acceptBatch(world, submissionOf(submitted));
  await runToEnd(world, START + 20 * HOURS);
  const { counters } = await reportOf(world);
  const { length, limit: learntLimit } = ledgers.of('lender');
  return {
    makespan: finPro.calls.reduce((last, { at }) => Math.max(last, at), ACCEPTED_AT) - ACCEPTED_AT,
    overLimit: finPro.overLimit.filter(({ number }) => number > 2).length,
    failedRows: rows - counters.COMPLETED,
    learntSeconds: length / 1000,
    learntLimit,
  };
}

/** A kind of windows beside windows from the epoch on that the settings know: those of the settings' length, or of the kind's own where that is longer. */
export async function compareWindows(
  kind: WindowKind,
  rows: number,
  limit: number,
): Promise<WindowsPlayed & { readonly ratio: number }> {
  const seconds = Math.max(kind.rateLimit.windowSeconds ?? EXPECTED_SECONDS, EXPECTED_SECONDS);
  const played = await playWindows(kind, rows, limit);
  const expected = await playWindows({ rateLimit: { windowSeconds: seconds } }, rows, limit, seconds);
  return { ...played, ratio: played.makespan / expected.makespan };
}

/** Each kind of windows, with a batch of so many rows at so many calls a window. */
export async function rateWindowFigures(rows: number, limit: number): Promise<Figure[]> {
  const group = 'Rate windows: makespan over that of windows known before';
  const figures: Figure[] = [];
  let over = 0;
  for (const kind of WINDOW_KINDS) {
    const { ratio, overLimit, learntSeconds } = await compareWindows(kind, rows, limit);
    over += overLimit;
    figures.push(
      figureOf(group, `${kind.name}, learnt as ${learntSeconds} s`, ratio, '', { target: 1.15, exact: true }),
    );
  }
  return [
    ...figures,
    figureOf(group, 'windows over the limit after the first two', over, '', { target: 0, exact: true }),
  ];
}
