import { describe, expect, test } from 'vitest';
import { crashable, type Fault } from './crashable-ports.ts';

/** A port with one call, which counts how often it took effect. */
function counterWith(blow: Fault) {
  let effects = 0;
  const ports = {
    chunks: {
      add: async (): Promise<number> => {
        effects += 1;
        return effects;
      },
    },
    clock: { now: () => 42 },
  };
  return { ...crashable(ports, () => blow), effects: () => effects };
}
const NOTHING = Symbol('nothing');
const soon = async <T>(work: Promise<T>): Promise<T | typeof NOTHING> =>
  Promise.race([work, new Promise<typeof NOTHING>((resolve) => setImmediate(() => resolve(NOTHING)))]);

describe('a struck call', () => {
  test.each([
    ['none', 1, false],
    ['fails-before', 0, true],
    ['fails-after', 1, true],
  ] as const)('%s: %i effects', async (blow, effects, fails) => {
    const struck = counterWith(blow);
    const outcome = await struck.ports.chunks.add().then(
      () => false,
      () => true,
    );
    expect([outcome, struck.effects()]).toEqual([fails, effects]);
  });

  test.each([
    ['dies-before', 0],
    ['dies-after', 1],
  ] as const)('%s: %i effects, and nothing of the worker goes on', async (blow, effects) => {
    const struck = counterWith(blow);
    expect(await soon(struck.ports.chunks.add())).toBe(NOTHING);
    await expect(struck.death).rejects.toThrow('died');
    expect(await soon(struck.ports.chunks.add())).toBe(NOTHING);
    expect(struck.effects()).toBe(effects);
  });

  test('is never one of the clock', () => {
    expect(counterWith('dies-before').ports.clock.now()).toBe(42);
  });
});
