import type { RemoteCall } from '../world/remote-call.ts';
import type { VirtualClock } from '../world/virtual-clock.ts';
import { START } from '../world/world.ts';
import { type Aim, FAULTS, type Fault, type FaultMix } from './fault-mix.ts';
import type { History } from './history.ts';
import type { Random } from './random.ts';

/** A call that did not go well, as its SDK would throw it. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure';
}

/** One worker, a container of a function. When it dies its calls fail and have no effect any more, so that what is left of its code unwinds. */
export interface Worker {
  readonly name: string;
  readonly call: RemoteCall;
  readonly isDead: boolean;
  /** Rejects when the worker dies; never settles otherwise. */
  readonly death: Promise<never>;
  die(why: string): void;
}

/** The network between workers and everything else. */
export interface Network {
  worker(name: string): Worker;
  /** The history is over: nobody's code goes on. */
  end(): void;
  /** The share at this time of something that happens to this share while faults are on. */
  shareNow(share: number): number;
}

/** Writes that the SDK repeats by itself when their answer is lost. */
const REPEATABLE = /^(chunks|batches|ledgers\.(?!release)|reports|queue|loop)/;
/**
 * Every way in which a call of FinPro can end is an answer, so these never fail here. Nor are they held up on their way for longer than clocks may
 * differ: they would arrive in another window than the one that they were counted in, which nothing on this side can prevent.
 */
const ANSWERED = /^finPro/;
const ADVANCING = /^(start|advance)-chunk/;
const LONGEST = 40_000;

export function networkOf(clock: VirtualClock, mix: FaultMix, random: Random, history: History): Network {
  let calls = 0;
  let isOver = false;
  const shareNow = (share: number): number => (clock.now() - START < mix.calmFrom ? share : share * mix.after);

  const hits = new Map<Aim, number>();
  const faultAt = (worker: string, what: string): Fault | null => {
    calls += 1;
    for (const aim of mix.aimed) {
      if (!aim.worker.test(worker) || !aim.call.test(what)) continue;
      const hit = (hits.get(aim) ?? 0) + 1;
      hits.set(aim, hit);
      if (hit === aim.nth) return aim.strike;
    }
    const certain = mix.certain.get(calls);
    if (certain) return certain;
    if (ADVANCING.test(worker) && random.chance(shareNow(mix.deadly))) return 'dies-before';
    return FAULTS.find((strike) => random.chance(shareNow(mix.strikes[strike]))) ?? null;
  };

  const worker = (name: string): Worker => {
    let isDead = false;
    const { promise: death, reject } = Promise.withResolvers<never>();
    death.catch(() => {});
    const die = (why: string): void => {
      if (isDead) return;
      isDead = true;
      history.note(name, `dies: ${why}`);
      reject(new CallFailure(`the worker died: ${why}`));
    };
    const orDead = (): void => {
      if (isDead || isOver) throw new CallFailure('the worker is dead');
    };

    const call: RemoteCall = async (what, effect) => {
      orDead();
      const strike = faultAt(name, what);
      if (strike && history.isKept) history.note(name, `${what} ${strike}`);
      if (random.chance(shareNow(mix.pauses))) await clock.wait(random.int(0, 200));
      const canFail = !ANSWERED.test(what);
      if (strike === 'slow-before' && canFail) await clock.wait(random.int(1_000, LONGEST));
      if (strike === 'hangs-before') await death;
      if (strike === 'dies-before') die(`before ${what}`);
      orDead();
      if (strike === 'fails-before' && canFail) throw new CallFailure(`${what} failed`);
      let result = await effect();
      if (strike === 'repeats' && REPEATABLE.test(what)) result = await effect();
      if (history.isKept) history.note(name, `${what}${shown(result)}`);
      if (strike === 'hangs-after') await death;
      if (strike === 'dies-after') die(`after ${what}`);
      orDead();
      if (strike === 'slow-after') await clock.wait(random.int(1_000, LONGEST));
      orDead();
      if (strike === 'fails-after' && canFail) throw new CallFailure(`${what} failed after it had taken effect`);
      return result;
    };
    return {
      name,
      call,
      death,
      die,
      get isDead() {
        return isDead;
      },
    };
  };
  return {
    worker,
    shareNow,
    end: () => {
      isOver = true;
    },
  };
}

const shown = (result: unknown): string => (typeof result === 'boolean' || result === null ? ` = ${result}` : '');
