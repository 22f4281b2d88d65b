import { describe, expect, test } from 'vitest';
import { virtualClock } from './clock.ts';

describe('a virtual clock', () => {
  test('stands still until it is told to run', async () => {
    const clock = virtualClock(1_000);
    let isOver = false;
    void clock.wait(10).then(() => {
      isOver = true;
    });
    await Promise.resolve();
    expect([clock.now(), isOver]).toEqual([1_000, false]);
    await clock.runUntil(1_009);
    expect([clock.now(), isOver]).toEqual([1_009, false]);
    await clock.runUntil(1_010);
    expect([clock.now(), isOver]).toEqual([1_010, true]);
  });

  test('wakes in the order of the times, and within one in that of the asking', async () => {
    const clock = virtualClock(0);
    const woken: string[] = [];
    const sleep = async (name: string, ...waits: readonly number[]): Promise<void> => {
      for (const wait of waits) {
        await clock.wait(wait);
        woken.push(`${name}@${clock.now()}`);
      }
    };
    await clock.finish(Promise.all([sleep('a', 5, 5), sleep('b', 3, 2, 5), sleep('c', 0)]));
    expect(woken).toEqual(['c@0', 'b@3', 'a@5', 'b@5', 'a@10', 'b@10']);
  });

  test('forgets a timer that was called off', async () => {
    const clock = virtualClock(0);
    const timer = clock.timer(10);
    timer.cancel();
    await clock.runUntil(Number.POSITIVE_INFINITY);
    expect(clock.now()).toBe(0);
  });

  test('says when work waits for something that never comes', async () => {
    await expect(virtualClock(0).finish(new Promise(() => {}))).rejects.toThrow('never comes');
  });

  test('gives the result of the work, or its failure', async () => {
    const clock = virtualClock(0);
    expect(await clock.finish(clock.wait(7).then(() => clock.now()))).toBe(7);
    await expect(clock.finish(Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
