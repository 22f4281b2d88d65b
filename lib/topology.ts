/**
 * The shape of the deployed system as plain data, without the CDK: the stack is built from it, the simulated world (`test/world/`) and the figures
 * play it, and `test/lib/topology.test.ts` holds the synthesized template against it. Times are in seconds.
 */

/** The longest that API Gateway waits for a function (Amazon API Gateway, "Quotas": integration timeout). */
const API_TIMEOUT = 29;

/** Each function: its feature folder in `lambdas/`, when Lambda ends it, and its memory in MB. */
export const FUNCTIONS = {
  // These parse, check and compress 10,000 rows, or unpack them for a search, while the client waits.
  'schedule-batch': { feature: 'batch', timeout: API_TIMEOUT, memory: 1024 },
  'upload-batch': { feature: 'batch', timeout: API_TIMEOUT, memory: 1024 },
  'batch-status': { feature: 'batch', timeout: API_TIMEOUT, memory: 1024 },
  'create-upload': { feature: 'batch', timeout: API_TIMEOUT, memory: 512 },
  'fi-request-status': { feature: 'upstream', timeout: API_TIMEOUT, memory: 512 },
  'not-found': { feature: 'platform', timeout: API_TIMEOUT, memory: 512 },
  // A file of 10 MB is held, parsed and compressed at once.
  'ingest-file': { feature: 'batch', timeout: 60, memory: 1024 },
  'start-chunk': { feature: 'chunk', timeout: 60, memory: 512 },
  'advance-chunk': { feature: 'chunk', timeout: 60, memory: 512 },
  'recover-batches': { feature: 'chunk', timeout: 60, memory: 512 },
} as const;

export type FunctionName = keyof typeof FUNCTIONS;

/** Six times the consumer's timeout, as Lambda's documentation asks: its pollers retry a throttled call themselves. */
const hiddenFrom = (consumer: FunctionName): number => 6 * FUNCTIONS[consumer].timeout;

/** Each queue: its name in the account, after service and stage, its consumer, and how many messages that works on at a time, at most. */
export const QUEUES = {
  chunk: {
    name: 'chunks',
    consumer: 'start-chunk',
    visibilityTimeout: hiddenFrom('start-chunk'),
    maxReceiveCount: 5,
    maxConcurrency: 20,
  },
  // A file is read in seconds, and its batch takes minutes.
  file: {
    name: 'files',
    consumer: 'ingest-file',
    visibilityTimeout: hiddenFrom('ingest-file'),
    maxReceiveCount: 5,
    maxConcurrency: 5,
  },
} as const;

/** The state machine of a chunk. */
export const CHUNK_LOOP = {
  task: 'advance-chunk',
  /** Of the task: the first retry comes after `interval`, each next one `backoffRate` times as late; full jitter takes some of that off. */
  retry: { interval: 2, backoffRate: 2, maxAttempts: 5, jitter: 'FULL' },
  /** No execution outlives its batch's deadline (`BATCH_DEADLINE_SECONDS`) by more than this. */
  timeoutBeyondDeadline: 3600,
  /** Wait, AdvanceChunk and IsDone. The last round ends in Done, one more. */
  transitionsPerRound: 3,
} as const;

/** How often recovery looks at the open batches. A run that failed isn't repeated: the next one is its retry. */
export const RECOVERY = { function: 'recover-batches', interval: 60, retryAttempts: 0 } as const;

/**
 * Requests per second that the API lets through, over all clients, and how many more at once. Clients poll their batches and submit some: this is far
 * above that, and far below what would take the account's Lambda concurrency away from the functions that process batches.
 */
export const API = { timeout: API_TIMEOUT, throttling: { rate: 200, burst: 400 } } as const;

/** Names in the table. Only open batches have the index's partition key, so the index is as small as what is under way. */
export const TABLE = {
  partitionKey: 'pk',
  sortKey: 'sk',
  timeToLive: 'expiresAt',
  openBatches: { indexName: 'open-batches', partitionKey: 'openBatches', sortKey: 'acceptedAt' },
} as const;

/** What the names of organisations' secrets at Secrets Manager begin with; the organisation's id follows. */
export const upstreamSecretPrefix = (stage: 'dev' | 'prod'): string => `bulk-data-fetch/${stage}/upstream/`;
