/** What can happen at a call that leaves a worker. */
export const FAULTS = [
  'dies-before',
  'dies-after',
  'fails-before',
  'fails-after',
  'throttled',
  /** The SDK lost the answer and sent the same write again, after a while. */
  'repeats',
  /** The SDK gave up on a request and its repeat went well; the first one arrives after that. */
  'echoes',
  /** The answer never comes. */
  'hangs-before',
  'hangs-after',
  /** It takes longer than usual. */
  'slow-before',
  'slow-after',
] as const;
export type Fault = (typeof FAULTS)[number];

/** A call that leaves a worker: the container that makes it, and a name like `chunks.saveState` or `ledgers.take`. */
export interface Call {
  readonly worker: string;
  readonly name: string;
}

/** All that may go otherwise than well in a world. The parts of the world ask it; who disturbs decides. Times are milliseconds. */
export interface Disturbance {
  fault(call: Call): Fault | null;
  /** How long a call takes, beside what a fault adds. */
  callTime(call: Call): number;
  /** How long a slow call is held up. */
  slowness(): number;
  /** How long after a write the SDK's repeat of it arrives. */
  repeatPause(): number;
  /** How many requests of a BatchWriteItem DynamoDB leaves undone. */
  unprocessed(): number;
  /** How many changes a read of an index is behind. */
  staleness(): number;
  /** When copies of a message arrive after its sending. More than one: it's delivered again. None: it's lost. */
  deliveries(queue: string, body: string): readonly number[];
  /** Whether the queue refuses to take a message. */
  refuses(body: string): boolean;
  /** How many executions one start of an execution gives: Step Functions may start two. */
  executions(name: string): number;
  /** Whether no function that advances chunks can run now: a bad deployment, or no concurrency is left. */
  workersAway(): boolean;
  /** Whether an execution ends before its next turn. */
  executionDies(name: string): boolean;
  /** What the state machine itself needs for a turn. */
  turnTime(): number;
  /** What part, from 0 to 1, of its longest wait a retry of the state machine waits (full jitter). */
  jitter(): number;
  /** How often recovery runs when its minute has come. */
  recoveries(): number;
  /** By how much the clock of a new worker is off. */
  clockOffset(worker: string): number;
}

/** Nothing goes wrong, and nothing takes time. */
export const CALM: Disturbance = {
  fault: () => null,
  callTime: () => 0,
  slowness: () => 0,
  repeatPause: () => 0,
  unprocessed: () => 0,
  staleness: () => 0,
  deliveries: () => [0],
  refuses: () => false,
  executions: () => 1,
  workersAway: () => false,
  executionDies: () => false,
  turnTime: () => 0,
  jitter: () => 1,
  recoveries: () => 1,
  clockOffset: () => 0,
};
