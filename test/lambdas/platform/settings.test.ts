import { describe, expect, test } from 'vitest';
import { readSettings } from '#lambdas/platform/settings.ts';

describe('settings', () => {
  test('are those of the design where nothing is set', () => {
    expect(readSettings({})).toEqual({
      chunkRows: 250,
      balances: true,
      poll: { first: 5_000, maximum: 300_000, deadline: 300_000, deferred: 75_000 },
      retryBackoff: [30_000, 60_000, 120_000],
      reconcileDelay: 30_000,
      sessionAgeTolerance: 120_000,
      duplicateWait: 15_000,
      waitStep: 1_000,
      upload: { expiry: 900_000, reservation: 3_600_000 },
      batchDeadline: 86_400_000,
      recoveryGrace: 120_000,
      upstream: { limit: 1000, window: 60_000, timeout: 15_000, circuitWait: 60_000 },
      client: {
        limit: 1000,
        apiLimit: 1000,
        searchLimit: 200,
        wrongCredentials: 300,
        window: 60_000,
        patience: 2_000,
        statusCached: 60_000,
      },
      clockSkew: 2_000,
      retention: 90 * 86_400_000,
      consumerCalls: 20_000,
      callsEnd: 20_000,
    });
  });

  test('may be fractions of a second, for the local cloud', () => {
    expect(readSettings({ POLL_FIRST_SECONDS: '0.1', RETRY_BACKOFF_SECONDS: '0.6,1.2' })).toMatchObject({
      poll: { first: 100 },
      retryBackoff: [600, 1200],
    });
  });

  test.each([
    ['CHUNK_ROWS', '0'],
    ['CHUNK_ROWS', '401'],
    ['CHUNK_ROWS', '2.5'],
    ['CHUNK_ROWS', 'many'],
    ['POLL_FIRST_SECONDS', '-1'],
    ['POLL_DEADLINE_SECONDS', ''],
    ['BALANCES', 'perhaps'],
    ['RETRY_BACKOFF_SECONDS', '30,soon'],
    ['RETRY_BACKOFF_SECONDS', ''],
    // An attempt is kept in three bits (chunk-state-item.ts): eight are the most.
    ['RETRY_BACKOFF_SECONDS', '1,1,1,1,1,1,1,1'],
    ['UPSTREAM_LIMIT', '0'],
  ])('%s=%j is refused at the start, by name', (name, value) => {
    expect(() => readSettings({ [name]: value })).toThrow(name);
  });
});
