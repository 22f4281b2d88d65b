import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';

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

/**
 * The executions, each change appended to a file as one line of JSON: a line that a crash cut short is skipped, and the last whole
 * one counts. At each start the file is rewritten without what is outdated. Without a file nothing is kept.
 */
export class ExecutionJournal {
  readonly #path: string | undefined;

  constructor(path: string | undefined) {
    this.#path = path;
  }

  /** The executions known so far, by ARN. */
  load(now: number): Map<string, Execution> {
    const executions = new Map<string, Execution>();
    if (this.#path === undefined) return executions;
    mkdirSync(dirname(this.#path), { recursive: true });
    const lines = existsSync(this.#path) ? readFileSync(this.#path, 'utf8').split('\n') : [];
    for (const line of lines) {
      const execution = parseLine(line);
      if (execution !== undefined && (execution.stoppedAt ?? now) > now - KEPT_MILLISECONDS) {
        executions.set(execution.arn, execution);
      }
    }
    const rewritten = `${this.#path}.new`;
    writeFileSync(rewritten, [...executions.values()].map((execution) => `${JSON.stringify(execution)}\n`).join(''));
    renameSync(rewritten, this.#path);
    return executions;
  }

  write(execution: Execution): void {
    if (this.#path !== undefined) appendFileSync(this.#path, `${JSON.stringify(execution)}\n`);
  }
}

function parseLine(line: string): Execution | undefined {
  try {
    return executionSchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
