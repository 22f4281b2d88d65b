import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  type AwsAnswer,
  type AwsCall,
  AwsError,
  type AwsService,
  type NeededPermission,
  parseInput,
  seconds,
} from '../aws-call.ts';
import type { CallRecord } from '../call-record.ts';
import type { Invoker } from '../lambda/lambda.ts';
import type { Meter } from '../meter.ts';
import type { Records, State } from '../state.ts';
import type { StackResources } from '../template/resources.ts';
import { type Execution, executionRecords } from './executions.ts';
import { PAYLOAD_BYTES, type Run, Runner } from './runner.ts';

const machineSchema = z.object({
  DefinitionString: z.string(),
  DefinitionSubstitutions: z.record(z.string(), z.coerce.string()).default({}),
  StateMachineType: z.literal('STANDARD', 'the local cloud has no Express workflows').default('STANDARD'),
});

const startSchema = z.object({
  stateMachineArn: z.string(),
  name: z
    .string()
    .regex(/^[^\s<>{}[\]?*"#%\\^|~`$&,;:/]{1,80}$/)
    .optional(),
  input: z.string().default('{}'),
});
const executionSchema = z.object({
  executionArn: z.string(),
  error: z.string().optional(),
  cause: z.string().optional(),
});
const listSchema = z.object({
  stateMachineArn: z.string(),
  statusFilter: z.string().optional(),
  maxResults: z.number().min(0).max(1000).default(100),
});

/** Step Functions: the template's state machines, their executions (kept through a restart) and the calls to start and look at them. */
export class StepFunctions implements AwsService {
  readonly name = 'states';
  readonly target = 'AWSStepFunctions';
  readonly #runners = new Map<string, Runner>();
  readonly #executions: Map<string, Execution>;
  readonly #runs = new Map<string, Run>();
  readonly #kept: Records<Execution>;
  readonly #meter: Meter;
  #closed = false;

  constructor(
    resources: StackResources,
    lambda: Invoker,
    state: State,
    { meter, record, timeScale }: { meter: Meter; record: CallRecord; timeScale: number },
  ) {
    this.#kept = executionRecords(state, Date.now());
    this.#meter = meter;
    this.#executions = this.#kept.all();
    for (const { logicalId, ref, properties } of resources.ofType('AWS::StepFunctions::StateMachine', machineSchema)) {
      const definition = Object.entries(properties.DefinitionSubstitutions).reduce(
        (text, [name, value]) => text.replaceAll(`\${${name}}`, value),
        properties.DefinitionString,
      );
      const runner = new Runner(definition, timeScale, lambda);
      for (const resource of runner.functionArns) record.add(logicalId, { action: 'lambda:InvokeFunction', resource });
      this.#runners.set(ref, runner);
    }
  }

  /** Goes on with the executions that were running when the local cloud last stopped, each at the state it had entered. */
  resume(): void {
    for (const execution of this.#executions.values()) {
      if (execution.status === 'RUNNING' && this.#runners.has(execution.stateMachineArn)) this.#run(execution);
    }
  }

  /** Aborts every running execution, as StopExecution would one by one. Returns how many there were. */
  abortAll(): number {
    const running = [...this.#runs.keys()];
    for (const arn of running) this.#end(arn, { status: 'ABORTED' });
    return running.length;
  }

  /** Stops without ending executions: they go on at the next start. */
  close(): void {
    this.#closed = true;
    for (const run of this.#runs.values()) run.abort();
    this.#runs.clear();
  }

  permissions({ action, input }: AwsCall): NeededPermission[] {
    const arn = input['executionArn'] ?? input['stateMachineArn'];
    return [{ action: `states:${action}`, resource: typeof arn === 'string' ? arn : '*' }];
  }

  async answer({ action, input }: AwsCall): Promise<AwsAnswer> {
    switch (action) {
      case 'StartExecution':
        return { status: 200, body: this.#start(parse(startSchema, input)) };
      case 'DescribeExecution':
        return { status: 200, body: description(this.#find(parse(executionSchema, input).executionArn)) };
      case 'StopExecution': {
        const { executionArn, error, cause } = parse(executionSchema, input);
        this.#find(executionArn);
        this.#end(executionArn, { status: 'ABORTED', error, cause });
        return { status: 200, body: { stopDate: seconds(this.#find(executionArn).stoppedAt ?? Date.now()) } };
      }
      case 'ListExecutions': {
        const { stateMachineArn, statusFilter, maxResults } = parse(listSchema, input);
        const executions = [...this.#executions.values()]
          .filter((execution) => execution.stateMachineArn === stateMachineArn)
          .filter((execution) => statusFilter === undefined || execution.status === statusFilter)
          .sort((one, other) => other.startedAt - one.startedAt)
          .slice(0, maxResults || 100);
        return { status: 200, body: { executions: executions.map(summary) } };
      }
      default:
        throw new AwsError('UnknownOperationException', `the local Step Functions has no ${action}`);
    }
  }

  /** As on AWS: while an execution runs, starting it again with the same input answers the same; any other use of its name is refused. */
  #start({ stateMachineArn, name = randomUUID(), input }: z.infer<typeof startSchema>): unknown {
    if (!this.#runners.has(stateMachineArn)) {
      throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${stateMachineArn}'`);
    }
    if (Buffer.byteLength(input) > PAYLOAD_BYTES || !z.json().safeParse(parseJson(input)).success) {
      throw new AwsError('InvalidExecutionInput', 'the input must be JSON of at most 256 KB');
    }
    const arn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const taken = this.#executions.get(arn);
    if (taken !== undefined && (taken.status !== 'RUNNING' || taken.input !== input)) {
      throw new AwsError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    }
    const execution = taken ?? { arn, name, stateMachineArn, input, startedAt: Date.now(), status: 'RUNNING' };
    if (taken === undefined) {
      this.#keep(execution);
      this.#run(execution);
    }
    return { executionArn: arn, startDate: seconds(execution.startedAt) };
  }

  #run(execution: Execution): void {
    const runner = this.#runners.get(execution.stateMachineArn);
    if (runner === undefined) return;
    const { arn, name, startedAt, at } = execution;
    const context = { Execution: { Id: arn, Name: name, StartTime: new Date(startedAt).toISOString() } };
    // The state that a resumed execution begins at was entered, and billed, before.
    let billed = at !== undefined;
    const run = runner.run(z.json().parse(parseJson(at?.input ?? execution.input)), at?.state, context, {
      transition: (state, input, again) => {
        if (billed) {
          billed = false;
          return;
        }
        this.#meter.add('states.transition', 1);
        const current = this.#executions.get(arn);
        if (again || this.#closed || current?.status !== 'RUNNING') return;
        this.#keep({ ...current, at: { state, input: JSON.stringify(input) } });
      },
    });
    this.#runs.set(arn, run);
    run.ended.then(
      (output) => this.#end(arn, { status: 'SUCCEEDED', output: JSON.stringify(output) }),
      (failure: Error) => {
        const timedOut = failure.name === 'ExecutionTimeoutError';
        const { name: error, message: cause } = failure.cause instanceof Error ? failure.cause : failure;
        this.#end(arn, { status: timedOut ? 'TIMED_OUT' : 'FAILED', error, cause });
      },
    );
  }

  #end(arn: string, end: Pick<Execution, 'status' | 'output' | 'error' | 'cause'>): void {
    const execution = this.#executions.get(arn);
    if (this.#closed || execution?.status !== 'RUNNING') return;
    this.#keep({ ...execution, ...end, stoppedAt: Date.now(), at: undefined });
    const run = this.#runs.get(arn);
    this.#runs.delete(arn);
    run?.abort();
  }

  #keep(execution: Execution): void {
    this.#executions.set(execution.arn, execution);
    this.#kept.put(execution.arn, execution);
  }

  #find(arn: string): Execution {
    const execution = this.#executions.get(arn);
    if (execution === undefined) throw new AwsError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
    return execution;
  }
}

const parse = <Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> =>
  parseInput(schema, input, 'ValidationException');

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const summary = (execution: Execution): object => ({
  executionArn: execution.arn,
  stateMachineArn: execution.stateMachineArn,
  name: execution.name,
  status: execution.status,
  startDate: seconds(execution.startedAt),
  ...(execution.stoppedAt === undefined ? {} : { stopDate: seconds(execution.stoppedAt) }),
});

const description = (execution: Execution): object => ({
  ...summary(execution),
  input: execution.input,
  output: execution.output,
  error: execution.error,
  cause: execution.cause,
});
