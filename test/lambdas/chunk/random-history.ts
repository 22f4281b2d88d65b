import fc from 'fast-check';
import { acceptBatch } from '#lambdas/batch/accept.ts';
import type { UpstreamFailure } from '#lambdas/upstream/failures.ts';
import {
  account,
  answered,
  endsAs,
  fails,
  LOST,
  NEVER_READY,
  OPENS,
  OPENS_UNHEARD,
  type RequestStep,
  readyAfter,
  type SessionEnd,
  TOO_MANY,
  UNAUTHORIZED,
  UNREACHABLE,
} from '#test/world/consent-behaviour.ts';
import type { Disturbance, Fault } from '#test/world/disturbance.ts';
import { runToEnd } from '#test/world/run.ts';
import { consentId, submissionOf } from '#test/world/submissions.ts';
import { ratedWorld, START, type UnitWorld } from '#test/world/unit-worlds.ts';

/** What goes wrong, by names that read well in a counterexample. */
const FAILURES = {
  lost: LOST,
  unreachable: UNREACHABLE,
  'http-500': answered(500, null),
  'http-503': answered(503, 'ServiceUnavailable'),
  revoked: answered(400, 'ConsentRevoked'),
  'bad-range': answered(400, 'InvalidDateRange'),
  unheard: answered(400, 'NeverHeardOf'),
  unauthorized: UNAUTHORIZED,
  'too-many': TOO_MANY,
} as const satisfies Record<string, UpstreamFailure>;
type FailureName = keyof typeof FAILURES;

const SESSIONS = {
  soon: readyAfter(3),
  later: readyAfter(40),
  late: readyAfter(290),
  never: NEVER_READY,
  partial: endsAs('TIMEOUT', [account(1), account(2, 'TIMEOUT')]),
  denied: endsAs('DATA_DENIED'),
  failed: endsAs('SESSION_FAILED'),
} as const satisfies Record<string, SessionEnd>;

type StepName = 'opens' | 'opens-unheard' | FailureName;
const stepOf = (name: StepName): RequestStep =>
  name === 'opens' ? OPENS : name === 'opens-unheard' ? OPENS_UNHEARD : fails(FAILURES[name]);

const names = <T extends object>(of: T): (keyof T)[] => {
  const own: (keyof T)[] = [];
  for (const name in of) own.push(name);
  return own;
};

const passingSteps = ['lost', 'unreachable', 'http-500', 'http-503'] as const;
const finalSteps = ['revoked', 'bad-range', 'unheard'] as const;
const stepWith = (failures: readonly StepName[]) =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constant<StepName>('opens') },
    { weight: 2, arbitrary: fc.constant<StepName>('opens-unheard') },
    { weight: 2, arbitrary: fc.constantFrom(...failures) },
  );
const step = stepWith([...passingSteps, ...finalSteps]);
/** The last step goes on for ever, but no consent is out of reach for ever. */
const lastStep = stepWith(['lost', 'http-500', 'http-503', ...finalSteps]);
const passing = fc.constantFrom<FailureName | 'none'>('none', 'none', 'lost', 'unreachable', 'http-500', 'http-503');

const consent = fc.record({
  requests: fc.tuple(step, step, lastStep),
  session: fc.constantFrom(...names(SESSIONS)),
  statusFailures: fc.array(passing, { maxLength: 4 }),
  balanceFailures: fc.array(passing, { maxLength: 2 }),
});

const outage = fc.record({
  failure: fc.constantFrom<FailureName>('lost', 'unreachable', 'http-500', 'http-503', 'unauthorized', 'too-many'),
  /** Seconds after the acceptance, and how many of them. */
  from: fc.integer({ min: 0, max: 400 }),
  seconds: fc.integer({ min: 1, max: 900 }),
});

/** A history: a batch, what its consents do, and everything that goes wrong. */
export const history = fc.record({
  consents: fc.array(consent, { minLength: 1, maxLength: 8 }),
  /** The consent of each row, by its number; some rows have the same. */
  rows: fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 14 }),
  /** How many calls of ports go well before each strike. */
  strikes: fc.array(
    fc.record({
      after: fc.integer({ min: 0, max: 80 }),
      how: fc.constantFrom<Fault>('fails-before', 'fails-after', 'dies-before', 'dies-after'),
    }),
    { maxLength: 5 },
  ),
  outages: fc.array(outage, { maxLength: 2 }),
  /** When the deliveries of each message come, in milliseconds. */
  deliveries: fc.array(fc.constantFrom(0, 0, 500, 100_000), { minLength: 1, maxLength: 3 }),
  latency: fc.integer({ min: 0, max: 2_000 }),
  /** Of the workers' clocks, one after the other, in milliseconds. */
  clockOffsets: fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 1, maxLength: 4 }),
  chunkRows: fc.integer({ min: 1, max: 6 }),
  limit: fc.integer({ min: 5, max: 200 }),
});
export type History = typeof history extends fc.Arbitrary<infer T> ? T : never;

/** Strikes the calls whose turn has come. */
function faultsOf(strikes: History['strikes']): Disturbance['fault'] {
  const left = [...strikes];
  let wait = left[0]?.after ?? 0;
  return () => {
    const [next] = left;
    if (!next) return null;
    wait -= 1;
    if (wait >= 0) return null;
    left.shift();
    wait = left[0]?.after ?? 0;
    return next.how;
  };
}

/** Plays a history until its batch is closed, a day and two hours at the most. */
export async function play(
  { consents, rows, strikes, outages, deliveries, latency, clockOffsets, chunkRows, limit }: History,
  watch: (world: UnitWorld) => void = () => {},
): Promise<UnitWorld> {
  const world = ratedWorld({
    CHUNK_ROWS: String(chunkRows),
    UPSTREAM_LIMIT: String(limit),
    BATCH_DEADLINE_SECONDS: '86400',
  });
  const { finPro, clock, disturbance } = world;
  disturbance.turnTime = () => 50;
  const failureOf = (name: FailureName | 'none'): UpstreamFailure | null => (name === 'none' ? null : FAILURES[name]);
  for (const [index, { requests, session, statusFailures, balanceFailures }] of consents.entries()) {
    const [first, second, third] = requests;
    finPro.behave(consentId(index), {
      requests: [stepOf(first), stepOf(second), stepOf(third)],
      session: SESSIONS[session],
      statusFailures: statusFailures.map(failureOf),
      balanceFailures: balanceFailures.map(failureOf),
    });
  }
  finPro.refuses = ({ at }) => {
    const age = (at - START) / 1000;
    const now = outages.find(({ from, seconds }) => age >= from && age < from + seconds);
    return now ? FAILURES[now.failure] : null;
  };
  finPro.latency = ({ failure }) => (failure?.sent === 'maybe' ? 15_000 : latency);
  disturbance.deliveries = () => deliveries;
  watch(world);
  let workers = 0;
  const clockOffset = (): number => {
    workers += 1;
    return clockOffsets[workers % clockOffsets.length] ?? 0;
  };
  disturbance.fault = faultsOf(strikes);
  disturbance.clockOffset = clockOffset;
  world.start();
  await acceptBatch(world, submissionOf(rows.map((number) => consentId(number % consents.length))));
  await runToEnd(world, clock.now() + 26 * 3_600_000);
  return world;
}
