import type { VirtualClock } from '#test/world/clock.ts';

/** Lets real calls, of which nobody knows how long they take, happen in virtual time. */
export interface Turns {
  /** The same port, each of whose calls takes so many virtual milliseconds, and then its turn: one call after the other, in the order of asking. */
  of<Port extends object>(port: Port, milliseconds: number): Port;
  /** Resolves when no call is under way and nothing goes on that one of them has set off. */
  idle(): Promise<void>;
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * One call at a time, and the next only when everything has run that the last one has set off: however long the machine takes for them, the
 * same program makes the same calls in the same order.
 */
export function inTurn(clock: VirtualClock): Turns {
  let last: Promise<unknown> = Promise.resolve();
  let underWay = 0;

  const take = async (call: () => unknown, milliseconds: number): Promise<unknown> => {
    await clock.wait(milliseconds);
    underWay += 1;
    const mine = last.then(call);
    last = mine.then(settle, settle);
    try {
      return await mine;
    } finally {
      underWay -= 1;
    }
  };

  return {
    of: (port, milliseconds) =>
      new Proxy(port, {
        get: (target, name) => {
          const method: unknown = Reflect.get(target, name);
          return typeof method === 'function'
            ? (...parameters: unknown[]) => take(() => Reflect.apply(method, target, parameters), milliseconds)
            : method;
        },
      }),
    idle: async () => {
      do {
        await last;
        await settle();
      } while (underWay > 0);
    },
  };
}
