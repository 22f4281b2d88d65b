import { z } from 'zod';

/** The units that AWS bills. Log bytes are those written. For S3, requests are counted, not storage. */
export const UNITS = [
  'apigateway.request',
  'dynamodb.indexWriteUnit',
  'dynamodb.readUnit',
  'dynamodb.writeUnit',
  'lambda.gbSecond',
  'lambda.request',
  'logs.byte',
  's3.getRequest',
  's3.putRequest',
  'secretsmanager.request',
  'sqs.fairRequest',
  'sqs.request',
  'states.transition',
] as const;

export type Unit = (typeof UNITS)[number];

const unitsSchema = z.record(z.enum(UNITS), z.number());
const noUnits = (): Record<Unit, number> => unitsSchema.parse(Object.fromEntries(UNITS.map((unit) => [unit, 0])));

/** How one function was used. Times are of the local machine. */
const usageSchema = z.object({
  invocations: z.number(),
  errors: z.number(),
  coldStarts: z.number(),
  billedMilliseconds: z.number(),
  initMilliseconds: z.number(),
});
export type FunctionUsage = z.infer<typeof usageSchema>;

/** All that was counted since `since` (ISO 8601), as `/_local/meter` answers it. */
export const meterReading = z.object({
  since: z.string(),
  /** Calls by service and action: `calls.dynamodb.PutItem`. */
  calls: z.record(z.string(), z.record(z.string(), z.number())),
  units: unitsSchema,
  /** By function name. */
  functions: z.record(z.string(), usageSchema),
});
export type MeterReading = z.infer<typeof meterReading>;

/** Counts the AWS calls of the local cloud and the units that AWS would bill for them. */
export class Meter {
  #since = new Date();
  #calls = new Map<string, Map<string, number>>();
  #units = noUnits();
  #functions = new Map<string, FunctionUsage>();

  call(service: string, action: string, count = 1): void {
    const actions = this.#calls.get(service) ?? new Map<string, number>();
    this.#calls.set(service, actions.set(action, (actions.get(action) ?? 0) + count));
  }

  add(unit: Unit, amount: number): void {
    this.#units[unit] += amount;
  }

  /** The counters of one function, to be added to. */
  usage(functionName: string): FunctionUsage {
    const usage = this.#functions.get(functionName) ?? {
      invocations: 0,
      errors: 0,
      coldStarts: 0,
      billedMilliseconds: 0,
      initMilliseconds: 0,
    };
    this.#functions.set(functionName, usage);
    return usage;
  }

  read(): MeterReading {
    return {
      since: this.#since.toISOString(),
      calls: Object.fromEntries([...this.#calls].map(([service, actions]) => [service, Object.fromEntries(actions)])),
      units: { ...this.#units },
      functions: Object.fromEntries([...this.#functions].map(([name, usage]) => [name, { ...usage }])),
    };
  }

  reset(): void {
    this.#since = new Date();
    this.#calls = new Map();
    this.#units = noUnits();
    this.#functions = new Map();
  }
}
