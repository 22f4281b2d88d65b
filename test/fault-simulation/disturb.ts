import type { Disturbance, Fault } from '../world/disturbance.ts';
import { FAULTS } from '../world/disturbance.ts';
import type { Random } from '../world/random.ts';
import { START } from '../world/start.ts';
import type { Aim, FaultMix } from './fault-mix.ts';

/** A late message takes up to ten minutes. */
/** The SDK makes five attempts, each of up to 3 s (`lambdas/platform/aws-client.ts`). */
const LATEST_REPEAT = 15_000;
const LATEST = 600_000;
/** Of a message that is delivered again. */
export const MOST_COPIES = 3;
const ADVANCING = /^(start|advance)-chunk/;

/** The share at this time of something that happens to this share while faults are on. */
export type ShareNow = (share: number) => number;

export const shareNowOf =
  ({ calmFrom, after }: FaultMix, now: () => number): ShareNow =>
  (share) =>
    now() - START < calmFrom ? share : share * after;

/** Draws, at each turn of a world, what the mix says. */
export function disturbanceOf(mix: FaultMix, random: Random, shareNow: ShareNow, now: () => number): Disturbance {
  const hits = new Map<Aim, number>();
  const struck = new Set<string>();
  let calls = 0;
  const happens = (share: number): boolean => random.chance(shareNow(share));

  const aimed = (worker: string, name: string): Fault | null => {
    for (const aim of mix.aimed) {
      if (!aim.worker.test(worker) || !aim.call.test(name)) continue;
      if (aim.isFollowing && !struck.has(worker)) continue;
      const hit = (hits.get(aim) ?? 0) + 1;
      hits.set(aim, hit);
      if (hit !== aim.nth) continue;
      struck.add(worker);
      return aim.fault;
    }
    return null;
  };

  return {
    fault: ({ worker, name }) => {
      calls += 1;
      const certain = aimed(worker, name) ?? mix.certain.get(calls);
      if (certain) return certain;
      if (ADVANCING.test(worker) && happens(mix.deadly)) return 'dies-before';
      return FAULTS.find((fault) => happens(mix.faults[fault])) ?? null;
    },
    callTime: () => (happens(mix.pauses) ? random.int(0, 200) : 0),
    unprocessed: () => (happens(mix.table.unprocessed) ? random.int(1, 25) : 0),
    staleness: () => (happens(mix.table.stale) ? random.int(1, 3) : 0),
    repeatPause: () => random.int(0, random.chance(0.5) ? 200 : LATEST_REPEAT),
    slowness: () => random.int(...mix.slowness),
    deliveries: () => {
      const copies = happens(mix.messages.doubled) ? random.int(2, MOST_COPIES) : 1;
      return Array.from({ length: copies }, () =>
        happens(mix.messages.late) ? random.int(1_000, LATEST) : random.int(5, 50),
      );
    },
    refuses: () => happens(mix.messages.unsent),
    executions: () => (happens(mix.executions.doubled) ? 2 : 1),
    workersAway: () => mix.absences.some(({ from, to }) => now() - START >= from && now() - START < to),
    executionDies: () => happens(mix.executions.dying),
    turnTime: () => random.int(10, 60),
    jitter: () => random.next(),
    recoveries: () => {
      if (happens(mix.recovery.left)) return 0;
      return happens(mix.recovery.doubled) ? 2 : 1;
    },
    clockOffset: () => random.int(-mix.clockSpread, mix.clockSpread),
  };
}
