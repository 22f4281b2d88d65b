import { demoConsents } from '../cli/demo-consents.ts';
import { readSettings } from '../lambdas/core/settings.ts';

/** The batch that everything is measured with, and the upstream's limit a minute. */
export const ROWS = 10_000;
export const LIMIT = 1000;

/** As deployed. */
export const SETTINGS = readSettings({});
export const CHUNKS = ROWS / SETTINGS.chunkRows;

/** The same consents each time, each ready after a time of its own: lognormal, with a median of 15 s (`simulator/readiness.ts`). */
export const consentsOf = (rows: number): string[] => demoConsents(rows).map(({ consentId }) => consentId);

/** The local cloud's time scale where a batch is measured: the slower, the less of the machine's own time is in it, which this counts some eight times. */
export const MEASURED_SCALE = 0.12;
/** The peer's functions take much more of the machine for the same rows. */
export const PEER_SCALE = 0.4;
