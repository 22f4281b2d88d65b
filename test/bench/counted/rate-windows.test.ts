import { describe, expect, test } from 'vitest';
import { compareWindows, EXPECTED_SECONDS, playWindows, WINDOW_KINDS } from '#bench/counted/rate-windows.ts';
import type { RateLimit } from '#simulator/rate-window.ts';

const ROWS = 600;
const LIMIT = 100;

describe('rate windows of', () => {
  test.each(WINDOW_KINDS)('$name: none over the limit, and hardly slower than known ones', async (kind) => {
    const { windowSeconds = EXPECTED_SECONDS } = kind.rateLimit;
    const { overLimit, failedRows, ratio, learntSeconds } = await compareWindows(kind, ROWS, LIMIT);
    expect({ overLimit, failedRows }).toEqual({ overLimit: 0, failedRows: 0 });
    expect(ratio).toBeLessThanOrEqual(1.15);
    // From the first call on, they follow each other with the pause that we leave between them.
    if (windowSeconds > EXPECTED_SECONDS) {
      expect(learntSeconds).toBeGreaterThanOrEqual(windowSeconds - 1);
      expect(learntSeconds).toBeLessThanOrEqual(windowSeconds + 5);
    }
  });
});

describe('a limit that is', () => {
  test.each<[string, Partial<RateLimit>, number]>([
    ['lower', { limit: 50 }, 50],
    ['much lower', { limit: 10 }, 10],
    ['higher', { limit: 5000 }, 5000],
    ['lower at one endpoint', { byEndpoint: true, limits: { request: 50 } }, 50],
    ['higher at one endpoint', { byEndpoint: true, limits: { request: 500 } }, LIMIT],
  ])('%s is learnt, and no row fails', async (_, rateLimit, limit) => {
    expect(await playWindows({ rateLimit }, ROWS, LIMIT)).toMatchObject({
      overLimit: 0,
      failedRows: 0,
      learntLimit: limit,
    });
  });
});

test('calls of the organisation itself, as many as ours, fail no row', async () => {
  const played = await playWindows(
    {
      rateLimit: {},
      disturb: (finPro) => {
        const { latency } = finPro;
        finPro.latency = (call) => {
          finPro.callElsewhere('lender', 'status');
          return latency(call);
        };
      },
    },
    ROWS,
    LIMIT,
  );
  expect(played.failedRows).toBe(0);
  expect(played.overLimit).toBeGreaterThan(0);
});
