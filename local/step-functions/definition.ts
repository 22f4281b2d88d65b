import { z } from 'zod';

const retrierSchema = z.looseObject({ IntervalSeconds: z.number().optional(), MaxDelaySeconds: z.number().optional() });

const stateSchema = z.looseObject({
  Type: z.enum(['Task', 'Wait', 'Choice', 'Pass', 'Succeed', 'Fail'], 'the local cloud has no Map and no Parallel'),
  QueryLanguage: z.literal('JSONPath', 'aws-local-stepfunctions ignores JSONata without a word').optional(),
  Resource: z.string().optional(),
  Seconds: z.number().optional(),
  TimestampPath: z.string().optional(),
  TimeoutSeconds: z.number().optional(),
  Retry: z.array(retrierSchema).optional(),
});

const definitionSchema = z.looseObject({
  QueryLanguage: z.literal('JSONPath', 'aws-local-stepfunctions ignores JSONata without a word').optional(),
  TimeoutSeconds: z.number().optional(),
  StartAt: z.string(),
  States: z.record(z.string(), stateSchema),
});

/** How a Task state calls its function: its input is the event, or it holds the function's ARN beside the event. */
export interface TaskTarget {
  /** Undefined with `arn:aws:states:::lambda:invoke`, whose input says which function. */
  readonly functionArn: string | undefined;
}

/** A definition made ready to run, and the functions behind its Task states, by state name. */
export interface RunnableDefinition {
  readonly definition: unknown;
  readonly tasks: ReadonlyMap<string, TaskTarget>;
  /** The Wait states that became tasks, and the way to the timestamp in their input. */
  readonly waits: ReadonlyMap<string, readonly string[]>;
  /** The states that an execution can be resumed at. */
  readonly states: ReadonlySet<string>;
}

/** The longest that a timer can run, in seconds: 24.8 days. Beyond it Node's would fire at once. */
export const LONGEST_TIMER_SECONDS = 2_147_483;
const PLAIN_PATH = /^\$(\.[A-Za-z_]\w*)+$/;
const LAMBDA_ARN = /^arn:[^:]+:lambda:/;
const LAMBDA_INVOKE = /^arn:[^:]+:states:::lambda:invoke$/;

/**
 * Reads a state machine's definition (JSON) for aws-local-stepfunctions. Fixed waits and retry intervals are multiplied by `timeScale`; what a
 * state reads from its input is left alone, since the functions compute it in scaled time. A Task without a timeout gets the longest
 * one, as on AWS: the library's default of 60 s would count the wait for a free container. A Wait for a timestamp becomes a task, which is
 * waited for here: the library's timer would end at once beyond 24.8 days, and Node warns of one for a time gone by.
 * Throws on what the library would ignore.
 */
export function readDefinition(text: string, timeScale: number): RunnableDefinition {
  const tasks = new Map<string, TaskTarget>();
  const waits = new Map<string, string[]>();

  const scaleState = (name: string, state: z.infer<typeof stateSchema>): Record<string, unknown> => {
    const retry = state.Retry?.map((retrier) => ({
      ...retrier,
      IntervalSeconds: (retrier.IntervalSeconds ?? 1) * timeScale,
      ...(retrier.MaxDelaySeconds === undefined ? {} : { MaxDelaySeconds: retrier.MaxDelaySeconds * timeScale }),
    }));
    if (state.Type === 'Task') tasks.set(name, targetOf(name, state.Resource ?? ''));
    if (state.TimestampPath !== undefined && PLAIN_PATH.test(state.TimestampPath)) {
      const { TimestampPath, ...wait } = state;
      waits.set(name, TimestampPath?.split('.').slice(1) ?? []);
      return { ...wait, Type: 'Task', Resource: 'local:wait', TimeoutSeconds: LONGEST_TIMER_SECONDS };
    }
    return {
      ...state,
      ...(retry === undefined ? {} : { Retry: retry }),
      ...(state.Seconds === undefined ? {} : { Seconds: state.Seconds * timeScale }),
      ...(state.Type === 'Task' ? { TimeoutSeconds: state.TimeoutSeconds ?? LONGEST_TIMER_SECONDS } : {}),
    };
  };

  const { TimeoutSeconds, ...definition } = definitionSchema.parse(JSON.parse(text));
  const States = Object.entries(definition.States).map(([name, state]) => [name, scaleState(name, state)]);
  return {
    definition: {
      ...definition,
      ...(TimeoutSeconds === undefined || TimeoutSeconds > LONGEST_TIMER_SECONDS ? {} : { TimeoutSeconds }),
      States: Object.fromEntries(States),
    },
    tasks,
    waits,
    states: new Set(Object.keys(definition.States)),
  };
}

function targetOf(name: string, resource: string): TaskTarget {
  if (LAMBDA_ARN.test(resource)) return { functionArn: resource };
  if (LAMBDA_INVOKE.test(resource)) return { functionArn: undefined };
  throw new Error(`the local cloud cannot run the task ${name}: ${resource}`);
}
