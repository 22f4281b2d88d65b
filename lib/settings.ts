/**
 * The settings of the product, as environment variables of every function (`docs/settings.md`). Durations end in `_SECONDS` (the local cloud scales
 * these), limits of the machine in `_MILLISECONDS`, retention in `_DAYS`. The defaults in `lambdas/platform/settings.ts` are the same; they are
 * repeated here so that a deployment shows what it runs with.
 */
export const SETTINGS = {
  CHUNK_ROWS: '250',
  BALANCES: 'on',
  POLL_FIRST_SECONDS: '5',
  POLL_MAXIMUM_SECONDS: '300',
  POLL_DEADLINE_SECONDS: '300',
  POLL_DEFERRED_SECONDS: '75',
  RETRY_BACKOFF_SECONDS: '30,60,120',
  RECONCILE_DELAY_SECONDS: '30',
  SESSION_AGE_TOLERANCE_SECONDS: '120',
  DUPLICATE_WAIT_SECONDS: '15',
  BATCH_DEADLINE_SECONDS: '86400',
  RECOVERY_GRACE_SECONDS: '120',
  WAIT_STEP_SECONDS: '1',
  UPSTREAM_LIMIT: '1000',
  UPSTREAM_WINDOW_SECONDS: '60',
  CLOCK_SKEW_SECONDS: '2',
  CIRCUIT_WAIT_SECONDS: '60',
  UPLOAD_EXPIRY_SECONDS: '900',
  UPLOAD_RESERVATION_SECONDS: '3600',
  RETENTION_DAYS: '90',
  CLIENT_RATE_LIMIT: '1000',
  CLIENT_RATE_WINDOW_MILLISECONDS: '60000',
  CLIENT_PATIENCE_MILLISECONDS: '2000',
  STATUS_CACHE_MILLISECONDS: '60000',
  UPSTREAM_TIMEOUT_MILLISECONDS: '15000',
  CONSUMER_CALLS_MILLISECONDS: '20000',
  CALLS_END_MILLISECONDS: '20000',
} as const;
