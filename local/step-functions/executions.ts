import { z } from 'zod';
import type { Records, State } from '../state.ts';

const executionSchema = z.object({
  arn: z.string(),
  name: z.string(),
  stateMachineArn: z.string(),
  /** JSON, as it was sent. */
  input: z.string(),
  /** Epoch milliseconds, as `stoppedAt`. */
  startedAt: z.number(),
  status: z.enum(['RUNNING', 'SUCCEEDED', 'FAILED', 'TIMED_OUT', 'ABORTED']),
  stoppedAt: z.number().optional(),
  /** JSON. */
  output: z.string().optional(),
  error: z.string().optional(),
  cause: z.string().optional(),
  /** The state entered last and its input (JSON): where a running execution is resumed after a restart. */
  at: z.object({ state: z.string(), input: z.string() }).optional(),
});

/** One execution of a state machine, as far as it is kept. */
export type Execution = z.infer<typeof executionSchema>;

/** After that long AWS forgets a closed execution and gives its name free. */
const KEPT_MILLISECONDS = 90 * 24 * 3600 * 1000;

/** The executions kept in the state. What is outdated by `now` is forgotten. */
export function executionRecords(state: State, now: number): Records<Execution> {
  const records = state.records('execution', executionSchema);
  for (const { arn, stoppedAt = now } of records.all().values()) {
    if (stoppedAt <= now - KEPT_MILLISECONDS) records.remove(arn);
  }
  return records;
}
