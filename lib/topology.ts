/**
 * The numbers of the deployed system that its parts share with the simulated world of the tests (`test/world/`): the stack is built from
 * them, and a test holds the synthesized template against them. Times are seconds.
 */

/** Each function: the feature folder of `lambdas/` it lies in, and when Lambda ends it. */
export const FUNCTIONS = {
  'schedule-batch': { feature: 'batch', timeout: 29 },
  'upload-batch': { feature: 'batch', timeout: 29 },
  'create-upload': { feature: 'batch', timeout: 29 },
  'batch-status': { feature: 'batch', timeout: 29 },
  'ingest-file': { feature: 'batch', timeout: 60 },
  'start-chunk': { feature: 'chunk', timeout: 60 },
  'advance-chunk': { feature: 'chunk', timeout: 60 },
  'recover-batches': { feature: 'chunk', timeout: 60 },
  'fi-request-status': { feature: 'upstream', timeout: 29 },
  'not-found': { feature: 'platform', timeout: 29 },
} as const;

/** Each queue and its consumer. */
export const QUEUES = {
  chunk: { consumer: 'start-chunk', visibilityTimeout: 360, maxReceiveCount: 5, maxConcurrency: 20 },
  file: { consumer: 'ingest-file', visibilityTimeout: 360, maxReceiveCount: 5, maxConcurrency: 5 },
} as const;

/** The state machine of a chunk. */
export const CHUNK_LOOP = {
  /** Of the task state: the first retry after `interval`, each next after twice as long, less a full jitter. */
  retry: { interval: 2, backoffRate: 2, maxAttempts: 5 },
  /** No execution outlives its batch's deadline by more than this. */
  timeoutBeyondDeadline: 3600,
} as const;

/** How often recovery looks at the open batches. */
export const RECOVERY = { interval: 60 } as const;
