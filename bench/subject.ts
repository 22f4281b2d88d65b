import { demoConsents } from '#cli/demo-consents.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import type { ContainerLimits } from '#local/lambda/containers.ts';

/** The batch that everything is measured with, and FinPro's limit a minute. */
export const ROWS = 10_000;
export const LIMIT = 1000;

/** As deployed. */
export const SETTINGS = readSettings({});
export const CHUNKS = ROWS / SETTINGS.chunkRows;

/** The same consents each time. Each is ready after its own time: lognormal, with a median of 15 s (`simulator/readiness.ts`). */
export const consentsOf = (rows: number): string[] => demoConsents(rows).map(({ consentId }) => consentId);

/**
 * How far into a rate window a batch is accepted, in unscaled milliseconds, where it doesn't matter when: past the window's first two seconds,
 * which the product leaves to clocks that are behind its own.
 */
export const MID_WINDOW = 10_000;

/** The local cloud's time scale where a batch is measured: the slower, the less of the machine's own time is in it. */
export const MEASURED_SCALE = 0.2;

/**
 * Containers on the local cloud where a batch is measured: with few of them invocations queue, their sessions get older meanwhile, and
 * fewer rounds and polls are needed than on AWS.
 */
export const CONTAINERS: ContainerLimits = { perFunction: 24, spare: 48, idleMilliseconds: 60_000 };
