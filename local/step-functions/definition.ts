import { z } from 'zod';

const retrierSchema = z.looseObject({ IntervalSeconds: z.number().default(1), MaxDelaySeconds: z.number().optional() });
const queryLanguage = z.literal('JSONPath', 'aws-local-stepfunctions ignores JSONata without a word').optional();

const stateSchema = z.looseObject({
  Type: z.enum(['Task', 'Wait', 'Choice', 'Pass', 'Succeed', 'Fail'], 'the local cloud has no Map and no Parallel'),
  QueryLanguage: queryLanguage,
  Resource: z
    .string()
    .regex(/^arn:[^:]+:lambda:/, 'a task of the local cloud is a function')
    .optional(),
  Seconds: z.number().optional(),
  TimestampPath: z
    .string()
    .regex(/^\$(\.[A-Za-z_]\w*)+$/, 'the local cloud follows plain paths only')
    .optional(),
  TimeoutSeconds: z.number().optional(),
  Retry: z.array(retrierSchema).optional(),
});

const definitionSchema = z.looseObject({
  QueryLanguage: queryLanguage,
  TimeoutSeconds: z.number().optional(),
  States: z.record(z.string(), stateSchema),
});

/** A definition made ready to run. */
export interface RunnableDefinition {
  readonly definition: { readonly States: Readonly<Record<string, unknown>> };
  /** The functions behind its Task states, by state name. */
  readonly tasks: ReadonlyMap<string, string>;
  /** The Wait states that became tasks, and the way to the timestamp in their input. */
  readonly waits: ReadonlyMap<string, readonly string[]>;
}

/** The longest that a timer can run, in seconds: 24.8 days. Beyond it Node's would fire at once. */
export const LONGEST_TIMER_SECONDS = 2_147_483;

/**
 * Reads a state machine's definition (JSON) for aws-local-stepfunctions. Fixed waits and retry intervals are multiplied by `timeScale`; what a
 * state reads from its input is left alone, since the functions compute it in scaled time. A Task without a timeout gets the longest
 * one, as on AWS: the library's default of 60 s would count the wait for a free container. A Wait for a timestamp becomes a task, which is
 * waited for here: the library's timer would end at once beyond 24.8 days, and Node warns of one for a time gone by.
 * Throws on what the library would ignore.
 */
export function readDefinition(text: string, timeScale: number): RunnableDefinition {
  const tasks = new Map<string, string>();
  const waits = new Map<string, string[]>();
  const scale = (name: string, { TimestampPath, ...state }: z.infer<typeof stateSchema>): object => {
    if (TimestampPath !== undefined) {
      waits.set(name, TimestampPath.split('.').slice(1));
      return { ...state, Type: 'Task', Resource: 'local:wait', TimeoutSeconds: LONGEST_TIMER_SECONDS };
    }
    if (state.Resource !== undefined) tasks.set(name, state.Resource);
    const Retry = state.Retry?.map(({ IntervalSeconds, MaxDelaySeconds, ...retrier }) => ({
      ...retrier,
      IntervalSeconds: IntervalSeconds * timeScale,
      ...(MaxDelaySeconds === undefined ? {} : { MaxDelaySeconds: MaxDelaySeconds * timeScale }),
    }));
    return {
      ...state,
      ...(Retry === undefined ? {} : { Retry }),
      ...(state.Seconds === undefined ? {} : { Seconds: state.Seconds * timeScale }),
      ...(state.Type === 'Task' ? { TimeoutSeconds: state.TimeoutSeconds ?? LONGEST_TIMER_SECONDS } : {}),
    };
  };
  const { TimeoutSeconds, ...definition } = definitionSchema.parse(JSON.parse(text));
  const States = Object.fromEntries(
    Object.entries(definition.States).map(([name, state]) => [name, scale(name, state)]),
  );
  const kept = TimeoutSeconds === undefined || TimeoutSeconds > LONGEST_TIMER_SECONDS ? {} : { TimeoutSeconds };
  return { definition: { ...definition, ...kept, States }, tasks, waits };
}
