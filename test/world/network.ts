import type { VirtualClock } from './clock.ts';
import type { Disturbance, Fault } from './disturbance.ts';
import type { History } from './history.ts';

/** One call that leaves a process, named like `chunks.saveState`. `effect` is what it does over there, at once or after some time. */
export type RemoteCall = <T>(name: string, effect: () => T | Promise<T>) => Promise<T>;

/** A network without any trouble, and nobody at its end who could die. */
export const direct: RemoteCall = async (_, effect) => effect();

/** A call that did not go well, as its SDK would throw it. */
export class CallFailure extends Error {
  override readonly name = 'CallFailure';
}

/** The service takes no more calls now. The SDK tries again. */
export class Throttled extends CallFailure {}

/** The worker is dead, or the world over: nothing of it goes on. */
export class WorkerDead extends CallFailure {}

/** One worker, a container of a function. When it dies its calls fail and have no effect any more, so that what is left of its code unwinds. */
export interface Worker {
  readonly name: string;
  readonly call: RemoteCall;
  readonly isDead: boolean;
  /** Rejects when the worker dies; never settles otherwise. */
  readonly death: Promise<never>;
  die(why: string): void;
  /** How many of its calls have not come back. */
  readonly underWay: number;
  /** Lambda freezes a container between invocations: what is still under way goes on with the next one. */
  freeze(): void;
  thaw(): void;
}

/** The network between workers and everything else. */
export interface Network {
  worker(name: string): Worker;
  /** The world is over: nobody's code goes on. */
  end(): void;
}

/** HTTP requests of an SDK, which are sent again when their answer is lost: all but those of a client with one attempt. */
const ATTEMPTS = /^dynamodb\.(?!once)/;

/** Writes that can arrive a second time without anybody waiting for them. */
const ECHOED = /^(chunks|batches|dynamodb\.(?!once))/;

/** Writes that the SDK repeats by itself when their answer is lost: all but those that would add something twice. */
const REPEATABLE = /^(chunks|batches|ledgers\.(?!release|count-failures)|reports|queue|loop)/;
/**
 * Every way in which a call of FinPro can end is an answer, so these never fail here. Nor are they held up on their way for longer than clocks may
 * differ: they would arrive in another window than the one that they were counted in, which nothing on this side can prevent.
 */
const ANSWERED = /^finPro/;

export function networkOf(clock: VirtualClock, disturbance: Disturbance, history: History): Network {
  let isOver = false;

  const worker = (name: string): Worker => {
    let isDead = false;
    const { promise: death, reject } = Promise.withResolvers<never>();
    death.catch(() => {});
    const die = (why: string): void => {
      if (isDead) return;
      isDead = true;
      history.note(name, `dies: ${why}`);
      reject(new WorkerDead(`the worker died: ${why}`));
    };
    let underWay = 0;
    let frozen: PromiseWithResolvers<void> | null = null;
    const awake = async (): Promise<void> => {
      while (frozen) await frozen.promise;
    };
    const orDead = (): void => {
      if (isDead || isOver) throw new WorkerDead('the worker is dead');
    };
    const spend = async (milliseconds: number): Promise<void> => {
      if (milliseconds > 0) await clock.wait(milliseconds);
    };

    const before = async (what: string, fault: Fault | null): Promise<void> => {
      const canFail = !ANSWERED.test(what);
      if (fault === 'slow-before' && canFail) await spend(disturbance.slowness());
      if (fault === 'hangs-before') await death;
      if (fault === 'dies-before') die(`before ${what}`);
      orDead();
      if (fault === 'throttled' && canFail) throw new Throttled(`${what} was throttled`);
      if (fault === 'fails-before' && canFail) throw new CallFailure(`${what} failed`);
    };
    const after = async (what: string, fault: Fault | null): Promise<void> => {
      if (fault === 'hangs-after') await death;
      if (fault === 'dies-after') die(`after ${what}`);
      orDead();
      if (fault === 'slow-after') await spend(disturbance.slowness());
      orDead();
      const isLost = fault === 'fails-after' || (fault === 'repeats' && ATTEMPTS.test(what));
      if (fault === 'repeats' && ATTEMPTS.test(what)) await spend(disturbance.repeatPause());
      if (isLost && !ANSWERED.test(what)) {
        throw new CallFailure(`${what} failed after it had taken effect`);
      }
    };

    /** Nobody sees its answer, and nobody has to be alive for it. */
    const echo = async (effect: () => unknown): Promise<void> => {
      await clock.wait(disturbance.repeatPause());
      try {
        if (!isOver) await effect();
      } catch {
        // A condition that doesn't hold any more.
      }
    };

    const make: RemoteCall = async (what, effect) => {
      orDead();
      const fault = disturbance.fault({ worker: name, name: what });
      if (fault && history.isKept) history.note(name, `${what} ${fault}`);
      await spend(disturbance.callTime({ worker: name, name: what }));
      await awake();
      await before(what, fault);
      let result = await effect();
      if (fault === 'echoes' && ECHOED.test(what)) void echo(effect);
      if (fault === 'repeats' && REPEATABLE.test(what)) {
        await spend(disturbance.repeatPause());
        orDead();
        result = await effect();
      }
      if (history.isKept) history.note(name, `${what}${shown(result)}`);
      await after(what, fault);
      await awake();
      return result;
    };
    const call: RemoteCall = async (what, effect) => {
      underWay += 1;
      try {
        return await make(what, effect);
      } finally {
        underWay -= 1;
      }
    };
    return {
      name,
      call,
      death,
      die,
      get isDead() {
        return isDead;
      },
      get underWay() {
        return underWay;
      },
      freeze: () => {
        frozen ??= Promise.withResolvers<void>();
      },
      thaw: () => {
        frozen?.resolve();
        frozen = null;
      },
    };
  };
  return {
    worker,
    end: () => {
      isOver = true;
    },
  };
}

const shown = (result: unknown): string => (typeof result === 'boolean' || result === null ? ` = ${result}` : '');
