import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { CallRecord } from './call-record.ts';
import type { Invoker } from './lambda/lambda.ts';
import { ACCOUNT } from './template/names.ts';
import type { StackResources } from './template/resources.ts';

const ruleSchema = z.object({
  ScheduleExpression: z.string(),
  State: z.string().default('ENABLED'),
  EventPattern: z.undefined('the local cloud has no event bus').optional(),
  Targets: z.array(
    z.looseObject({ Arn: z.string(), Input: z.string().optional(), InputTransformer: z.undefined().optional() }),
  ),
});

interface Schedule {
  readonly arn: string;
  readonly milliseconds: number;
  readonly functionArn: string;
  /** What the target is given instead of the event of the schedule, as JSON. */
  readonly input: string | undefined;
}

const UNITS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** The interval of `rate(5 minutes)` in milliseconds. Throws on cron and one-time expressions. */
export function intervalOf(expression: string): number {
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  const milliseconds = UNITS[unit];
  if (milliseconds === undefined) throw new Error(`the local cloud knows rate(…) schedules only, not ${expression}`);
  return Number(count) * milliseconds;
}

/**
 * The schedules of the template (EventBridge rules), their intervals multiplied by `timeScale`. A function that fails is left to the next tick, where AWS would try it twice more; a tick that finds the one before under way is left out.
 */
export class Schedules {
  readonly #schedules: readonly Schedule[];
  readonly #place: StackResources['place'];
  readonly #lambda: Invoker;
  readonly #timeScale: number;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(resources: StackResources, lambda: Invoker, record: CallRecord, timeScale: number) {
    this.#place = resources.place;
    this.#lambda = lambda;
    this.#timeScale = timeScale;
    this.#schedules = resources
      .ofType('AWS::Events::Rule', ruleSchema)
      .filter(({ properties }) => properties.State === 'ENABLED')
      .flatMap(({ attributes, properties: { ScheduleExpression, Targets } }) =>
        Targets.map(({ Arn, Input }) => ({
          arn: attributes['Arn'] ?? '',
          milliseconds: intervalOf(ScheduleExpression),
          functionArn: Arn,
          input: Input,
        })),
      );
    for (const { functionArn } of this.#schedules) {
      record.add('events', { action: 'lambda:InvokeFunction', resource: functionArn });
    }
  }

  start(): void {
    for (const schedule of this.#schedules) {
      let underWay = false;
      const tick = async (): Promise<void> => {
        if (underWay) return;
        underWay = true;
        await this.#lambda.invoke(schedule.functionArn, schedule.input ?? this.#event(schedule), 'Event');
        underWay = false;
      };
      this.#timers.push(setInterval(() => void tick(), Math.max(100, schedule.milliseconds * this.#timeScale)));
    }
  }

  stop(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer);
  }

  #event({ arn }: Schedule): string {
    return JSON.stringify({
      version: '0',
      id: randomUUID(),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: ACCOUNT,
      time: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
      region: this.#place.region,
      resources: [arn],
      detail: {},
    });
  }
}
