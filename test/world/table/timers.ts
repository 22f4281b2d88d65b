import type { VirtualClock } from '../clock.ts';
import type { Random } from '../random.ts';

/**
 * Has the pauses between the SDK's tries pass on a virtual clock, and their jitter drawn from a seed: it waits by the global `setTimeout` and draws by
 * `Math.random`.
 * @returns puts the real ones back
 */
export function virtualTimers(clock: VirtualClock, random: Random): () => void {
  const real = { setTimeout: globalThis.setTimeout, random: Math.random };
  const virtual = (then: () => void, milliseconds = 0): void => {
    void clock.wait(milliseconds).then(then);
  };
  Object.assign(globalThis, { setTimeout: virtual });
  Math.random = () => random.next();
  return () => {
    Object.assign(globalThis, { setTimeout: real.setTimeout });
    Math.random = real.random;
  };
}
