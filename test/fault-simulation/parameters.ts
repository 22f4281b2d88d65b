import { NO_PARAMETERS, type RequestParameters } from '#lambdas/batch/submission.ts';
import type { Random } from '../world/random.ts';
import type { Attempt, Plan, PlannedRow } from './plan.ts';

/** Any beginning is before any end, so that no range is reversed, whichever of its ends is the batch's. */
const FROM = [null, '2024-01-01', '2024-04-01T00:00:00Z', '2024-07-01T05:30:00+05:30'] as const;
const TO = [null, '2025-01-01', '2025-03-31T23:59:59Z', '2025-06-30T12:00:00.000+05:30'] as const;
const CONFIGS = [null, 'config-a', 'config-b', 'config-c'] as const;

const drawParameters = (random: Random): RequestParameters => ({
  fiDataRangeFrom: random.pick(FROM),
  fiDataRangeTo: random.pick(TO),
  configId: random.pick(CONFIGS),
});

/**
 * The same plan with ranges and configs, for whole batches and for single rows. Drawn apart from the rest, so that a history without them is the
 * same history with them. A row that comes in twice has the same both times; a submission that is made again may have other defaults, and
 * is then another one.
 */
export function withParameters(random: Random, plan: Plan): Plan {
  return {
    ...plan,
    batches: plan.batches.map((batch) => {
      const known = new Map<PlannedRow, PlannedRow>();
      const isPlain = random.chance(0.3);
      const rowOf = (row: PlannedRow): PlannedRow => {
        const drawn = known.get(row) ?? {
          ...row,
          own: row.script !== null && !isPlain && random.chance(0.4) ? drawParameters(random) : NO_PARAMETERS,
        };
        known.set(row, drawn);
        return drawn;
      };
      const first = isPlain ? NO_PARAMETERS : drawParameters(random);
      const attempts = batch.attempts.map((attempt, index): Attempt => {
        const isOther = index > 0 && random.chance(0.2);
        const defaults = isOther ? drawParameters(random) : first;
        // A dropped CSV file has no place for them.
        const hasPlace = attempt.way !== 'drop' || attempt.fileType === 'json';
        return { ...attempt, rows: attempt.rows.map(rowOf), defaults: hasPlace ? defaults : NO_PARAMETERS };
      });
      return { ...batch, attempts };
    }),
  };
}
