import { afterAll, describe, expect, test } from 'vitest';
import { NO_PARAMETERS } from '#lambdas/batch/submission.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import type { Fault } from '../world/disturbance.ts';
import { randomOf } from '../world/random.ts';
import { scriptNamed } from './consent-scripts.ts';
import { drawFaults } from './fault-mix.ts';
import { captureLogLines } from './log-lines.ts';
import type { Attempt, PlannedRow, Way } from './plan.ts';
import { expectedRateWindows } from './rate-windows.ts';
import type { Scenario } from './scenario.ts';
import { simulate } from './simulate.ts';

const logLines = captureLogLines();
afterAll(() => logLines.release());

const ROWS = 8;
const TENANT = { organisationId: 'org-0', client_id: 'client-0', client_secret: 'zsecretz0', appIdentifier: 'app-0' };

const rows: PlannedRow[] = Array.from({ length: ROWS }, (_, row) => ({
  consentId: `00000000-0000-4000-8000-${String(row).padStart(12, '0')}`,
  script: scriptNamed('ready'),
  own: NO_PARAMETERS,
}));

/** One submission in three chunks, whose function is struck at the so-many-eth of its writes, and nothing else. */
function scenario(way: Way, nth: number, fault: Fault): Scenario {
  const attempt: Attempt = {
    number: 1,
    way,
    fileType: 'csv',
    rows,
    defaults: NO_PARAMETERS,
    idempotencyKey: null,
    at: 0,
  };
  const settings = readSettings({ CHUNK_ROWS: '3', BATCH_DEADLINE_SECONDS: '7200' });
  return {
    plan: {
      tenants: [TENANT],
      batches: [{ tenant: TENANT, referenceId: 'struck', attempts: [attempt] }],
      ownSessions: [],
    },
    mix: {
      ...drawFaults(randomOf(1, 'faults'), 1, settings.batchDeadline, []),
      families: ['certain'],
      aimed: [
        {
          worker: /^(schedule-batch|upload-batch|create-upload|ingest-file)/,
          call: /^(chunks\.create|batches\.(accept|accept-upload|lease-upload)|queue\.send)$/,
          nth,
          fault,
        },
      ],
    },
    rateWindows: expectedRateWindows(settings),
    settingsOf: () => settings,
  };
}

/** Two items a chunk, the batch, the messages; a presigned upload reserves its reference and leases its file before.
 * The client of a dropped file puts an empty one there later, whose fault finds the reference taken. */
const WRITES: Readonly<Record<Way, number>> = { json: 8, form: 8, drop: 9, presigned: 10 };

describe.each(['json', 'form', 'drop', 'presigned'] as const)('a batch that comes in as %s', (way) => {
  const writes = Array.from({ length: WRITES[way] }, (_, index) => index + 1);
  const faults = ['dies-before', 'dies-after', 'fails-after', 'hangs-after', 'repeats'] as const;

  test.each(faults)('and whose function %s, at any of its writes, is there in full or not at all', async (fault) => {
    for (const nth of writes) {
      const { broken, history } = await simulate(1, logLines, {
        keepHistory: true,
        scenario: scenario(way, nth, fault),
      });
      expect(broken, `at write ${nth}`).toBeNull();
      const struck = history.filter((line) => line.endsWith(` ${fault}`));
      expect(struck, `at write ${nth}`).toHaveLength(1);
      // Reserved by a call whose answer was lost: nobody can upload to it, and the reference is free again after its time.
      if (way === 'presigned' && nth === 1 && fault !== 'dies-before' && fault !== 'repeats') continue;
      expect(history.at(-1), `at write ${nth}`).toContain(
        `"total":${ROWS},"ready":0,"in_progress":0,"completed":${ROWS},"failed":0`,
      );
    }
  });

  test('is struck at every write there is', async () => {
    const { history } = await simulate(1, logLines, {
      keepHistory: true,
      scenario: scenario(way, WRITES[way] + 1, 'dies-after'),
    });
    expect(history.filter((line) => line.endsWith(' dies-after'))).toHaveLength(0);
  });
});
