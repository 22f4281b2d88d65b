import * as z from 'zod';

const seconds = (fallback: number) =>
  z.coerce
    .number()
    .positive()
    .default(fallback)
    .transform((value) => value * 1000);
const milliseconds = (fallback: number) => z.coerce.number().int().positive().default(fallback);
const count = (fallback: number) => z.coerce.number().int().positive().default(fallback);
const secondsList = (fallback: string) =>
  z
    .string()
    .regex(/^\d+(\.\d+)?(,\d+(\.\d+)?)*$/, { error: 'must be seconds, separated by commas' })
    .default(fallback)
    .transform((list) => list.split(',').map((item) => Number(item) * 1000))
    // The attempt is stored in three bits: at most 8 attempts, one more than waits.
    .pipe(z.array(z.number().nonnegative()).min(1).max(7));

const settingsSchema = z
  .object({
    // A test holds the largest items of so many rows under DynamoDB's 400 KB.
    CHUNK_ROWS: z.coerce.number().int().positive().max(400).default(250),
    BALANCES: z.enum(['on', 'off']).default('on'),
    POLL_FIRST_SECONDS: seconds(5),
    POLL_MAXIMUM_SECONDS: seconds(300),
    POLL_DEADLINE_SECONDS: seconds(300),
    POLL_DEFERRED_SECONDS: seconds(75),
    RETRY_BACKOFF_SECONDS: secondsList('30,60,120'),
    RECONCILE_DELAY_SECONDS: seconds(30),
    SESSION_AGE_TOLERANCE_SECONDS: seconds(120),
    DUPLICATE_WAIT_SECONDS: seconds(15),
    BATCH_DEADLINE_SECONDS: seconds(86_400),
    RECOVERY_GRACE_SECONDS: seconds(120),
    WAIT_STEP_SECONDS: seconds(1),
    UPSTREAM_LIMIT: count(1000),
    UPSTREAM_WINDOW_SECONDS: seconds(60),
    CLOCK_SKEW_SECONDS: seconds(2),
    CIRCUIT_WAIT_SECONDS: seconds(60),
    UPLOAD_EXPIRY_SECONDS: seconds(900),
    UPLOAD_RESERVATION_SECONDS: seconds(3600),
    RETENTION_DAYS: count(90),
    CLIENT_RATE_LIMIT: count(1000),
    API_RATE_LIMIT: count(1000),
    SEARCH_RATE_LIMIT: count(200),
    UNAUTHORIZED_RATE_LIMIT: count(300),
    CLIENT_RATE_WINDOW_MILLISECONDS: milliseconds(60_000),
    CLIENT_PATIENCE_MILLISECONDS: milliseconds(2_000),
    STATUS_CACHE_MILLISECONDS: milliseconds(60_000),
    UPSTREAM_TIMEOUT_MILLISECONDS: milliseconds(15_000),
    CONSUMER_CALLS_MILLISECONDS: milliseconds(20_000),
    CALLS_END_MILLISECONDS: milliseconds(20_000),
  })
  .transform((env) => ({
    chunkRows: env.CHUNK_ROWS,
    /** Whether a balance call follows when a row's data is ready. */
    balances: env.BALANCES === 'on',
    poll: {
      first: env.POLL_FIRST_SECONDS,
      maximum: env.POLL_MAXIMUM_SECONDS,
      deadline: env.POLL_DEADLINE_SECONDS,
      deferred: env.POLL_DEFERRED_SECONDS,
    },
    /** Waits before the second, third … attempt. Its length plus one is the number of attempts. */
    retryBackoff: env.RETRY_BACKOFF_SECONDS,
    reconcileDelay: env.RECONCILE_DELAY_SECONDS,
    sessionAgeTolerance: env.SESSION_AGE_TOLERANCE_SECONDS,
    duplicateWait: env.DUPLICATE_WAIT_SECONDS,
    batchDeadline: env.BATCH_DEADLINE_SECONDS,
    recoveryGrace: env.RECOVERY_GRACE_SECONDS,
    /** Wake-ups are rounded up to this: a Wait state ends at a whole second (AWS Step Functions, "Wait"). */
    waitStep: env.WAIT_STEP_SECONDS,
    upstream: {
      limit: env.UPSTREAM_LIMIT,
      window: env.UPSTREAM_WINDOW_SECONDS,
      timeout: env.UPSTREAM_TIMEOUT_MILLISECONDS,
      circuitWait: env.CIRCUIT_WAIT_SECONDS,
    },
    upload: { expiry: env.UPLOAD_EXPIRY_SECONDS, reservation: env.UPLOAD_RESERVATION_SECONDS },
    /** Clients see these in real time: the local cloud doesn't scale them. */
    client: {
      limit: env.CLIENT_RATE_LIMIT,
      apiLimit: env.API_RATE_LIMIT,
      searchLimit: env.SEARCH_RATE_LIMIT,
      wrongCredentials: env.UNAUTHORIZED_RATE_LIMIT,
      window: env.CLIENT_RATE_WINDOW_MILLISECONDS,
      /** How long a client's call waits for a token. */
      patience: env.CLIENT_PATIENCE_MILLISECONDS,
      /** How long a final status stays cached. */
      statusCached: env.STATUS_CACHE_MILLISECONDS,
    },
    clockSkew: env.CLOCK_SKEW_SECONDS,
    retention: env.RETENTION_DAYS * 86_400_000,
    consumerCalls: env.CONSUMER_CALLS_MILLISECONDS,
    callsEnd: env.CALLS_END_MILLISECONDS,
  }));

/** All settings (docs/settings.md). Durations are milliseconds here; each variable's name says its unit. */
export type Settings = z.output<typeof settingsSchema>;

/**
 * Reads the settings from environment variables, with defaults for those that aren't set.
 * @throws ZodError naming an invalid one
 */
export function readSettings(environment: Record<string, string | undefined>): Settings {
  return settingsSchema.parse(environment);
}
