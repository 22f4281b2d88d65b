import type { CallCounter } from '#lambdas/clients/store.ts';

/** Every call is the first: for worlds in which nobody calls too often. */
export const UNCOUNTED: CallCounter = { add: async () => ({ all: 1, own: 1 }) };

/** Counts in memory, without windows that end. */
export function memoryCalls(): CallCounter {
  const counts = new Map<string, number>();
  const add = (key: string): number => {
    counts.set(key, (counts.get(key) ?? 0) + 1);
    return counts.get(key) ?? 0;
  };
  return {
    add: async (of, one, { startsAt }) => ({ all: add(`${startsAt} ${of}`), own: add(`${startsAt} ${of} ${one}`) }),
  };
}
