import { RemovalPolicy } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { z } from 'zod';

/** What differs from one stage to the other. */
export interface Stage {
  readonly name: 'dev' | 'prod';
  /** What becomes of the table and of the logs when the stack is deleted. */
  readonly removal: RemovalPolicy;
  /** Whether deleting the stack or the table takes a step of its own first. */
  readonly protected: boolean;
  readonly logRetention: RetentionDays;
  readonly logLevel: 'DEBUG' | 'INFO';
  /** Whether there is a firewall before the API, unless the context says otherwise. It costs some $10 a month. */
  readonly waf: 'on' | 'off';
}

const STAGES: Readonly<Record<Stage['name'], Stage>> = {
  dev: {
    name: 'dev',
    removal: RemovalPolicy.DESTROY,
    protected: false,
    logRetention: RetentionDays.TWO_WEEKS,
    logLevel: 'DEBUG',
    waf: 'off',
  },
  // Logs are kept as long as the batches they tell of.
  prod: {
    name: 'prod',
    removal: RemovalPolicy.RETAIN,
    protected: true,
    logRetention: RetentionDays.THREE_MONTHS,
    logLevel: 'INFO',
    waf: 'on',
  },
};

/** Stands where a deployment names no upstream. No host answers there. */
export const EXAMPLE_FINPRO_BASE_URL = 'https://api.finpro.example';

const contextSchema = z.object({
  stage: z.enum(['dev', 'prod']).default('dev'),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'expected a region such as ap-south-1')
    .default('ap-south-1'),
  finproBaseUrl: z.url({ protocol: /^https?$/ }).default(EXAMPLE_FINPRO_BASE_URL),
  table: z
    .string()
    .regex(/^[\w.-]{3,255}$/, 'expected the name of a table')
    .optional(),
  alarmAddress: z.email().optional(),
  runbookUrl: z.string().min(1).default('docs/runbook.md'),
  waf: z.enum(['on', 'off']).optional(),
});

/** One deployment of the service: where, for whom, and against which upstream. */
export interface Deployment {
  readonly stage: Stage;
  readonly region: string;
  readonly finproBaseUrl: string;
  /** The name of a table that this deployment works on, as one restored from a backup; null when it has one of its own. */
  readonly table: string | null;
  /** Who gets a mail for every alarm; null when nobody does. */
  readonly alarmAddress: string | null;
  /** Where people who get an alarm can read `docs/runbook.md`. */
  readonly runbookUrl: string;
  /** Whether there is a firewall before the API. */
  readonly waf: boolean;
}

/**
 * Reads a deployment from the CDK context: `-c stage=dev|prod`, `-c region=…`, `-c finproBaseUrl=…`, `-c table=…` (one
 * that is there), `-c alarmAddress=…` (an e-mail address), `-c runbookUrl=…`, `-c waf=on|off`.
 * @throws Error naming the value that is not possible, and what was expected
 */
export function readDeployment(context: (key: string) => unknown): Deployment {
  const { success, data, error } = contextSchema.safeParse({
    stage: context('stage'),
    region: context('region'),
    finproBaseUrl: context('finproBaseUrl'),
    table: context('table'),
    alarmAddress: context('alarmAddress'),
    runbookUrl: context('runbookUrl'),
    waf: context('waf'),
  });
  if (!success) throw new Error(`The context of this deployment is not possible:\n${z.prettifyError(error)}`);
  const { region, finproBaseUrl, alarmAddress, runbookUrl } = data;
  const stage = STAGES[data.stage];
  const waf = (data.waf ?? stage.waf) === 'on';
  const table = data.table ?? null;
  return { stage, region, finproBaseUrl, table, alarmAddress: alarmAddress ?? null, runbookUrl, waf };
}
