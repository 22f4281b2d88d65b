import { RemovalPolicy } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import recommended from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { z } from 'zod';

/**
 * The CDK's feature flags, as its pinned version recommends them for a new project. They aren't in cdk.json, because only the CDK CLI reads that file, and
 * the tests and the local cloud run the app without it. If an upgrade of the CDK brings a flag that renames a resource with data, the test of the
 * table's logical id fails.
 */
export const FEATURE_FLAGS = recommended;

/** What differs between stages. */
export interface Stage {
  readonly name: 'dev' | 'prod';
  /** For table, bucket and logs. */
  readonly removalPolicy: RemovalPolicy;
  /** Whether stack and table are protected against deletion. */
  readonly deletionProtection: boolean;
  readonly logRetention: RetentionDays;
  readonly logLevel: 'DEBUG' | 'INFO';
  /** Whether the API has a firewall, unless the context says otherwise. It costs about $10 per month. */
  readonly waf: 'on' | 'off';
}

const STAGES: Readonly<Record<Stage['name'], Stage>> = {
  dev: {
    name: 'dev',
    removalPolicy: RemovalPolicy.DESTROY,
    deletionProtection: false,
    logRetention: RetentionDays.TWO_WEEKS,
    logLevel: 'DEBUG',
    waf: 'off',
  },
  // Logs are kept as long as the batches they are about.
  prod: {
    name: 'prod',
    removalPolicy: RemovalPolicy.RETAIN,
    deletionProtection: true,
    logRetention: RetentionDays.THREE_MONTHS,
    logLevel: 'INFO',
    waf: 'on',
  },
};

/** FinPro's address where a deployment names none. The host doesn't exist. */
export const EXAMPLE_FINPRO_BASE_URL = 'https://api.finpro.example';

/**
 * Consents and credentials go to this address: in clear text only to the machine itself, for tests. A path in it is kept; credentials, which would be in
 * the template, and what a path can't be added to are refused.
 */
const isUpstreamUrl = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isLoopback = url !== null && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  const isPlain = url !== null && url.username + url.password + url.search + url.hash === '';
  return isPlain && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback));
};

const contextSchema = z.object({
  stage: z.enum(['dev', 'prod']).default('dev'),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'expected a region such as ap-south-1')
    .default('ap-south-1'),
  finproBaseUrl: z
    .string()
    .refine(isUpstreamUrl, 'expected an https URL such as https://finpro.example.com/api, http only for this machine')
    .default(EXAMPLE_FINPRO_BASE_URL),
  table: z
    .string()
    .regex(/^[\w.-]{3,255}$/, 'expected the name of a table')
    .optional(),
  alarmAddress: z.email().optional(),
  runbookUrl: z.string().min(1).default('docs/runbook.md'),
  waf: z.enum(['on', 'off']).optional(),
});

/** One deployment of the service: where, for whom, against which upstream. */
export interface Deployment {
  readonly stage: Stage;
  readonly region: string;
  readonly finproBaseUrl: string;
  /** An existing table to work on, such as one restored from a backup; null if the stack makes its own. */
  readonly tableName: string | null;
  /** Who gets an email for every alarm; null for nobody. */
  readonly alarmAddress: string | null;
  /** Where the people who get alarms can read `docs/runbook.md`. */
  readonly runbookUrl: string;
  /** Whether the API has a firewall. */
  readonly waf: boolean;
}

/**
 * Reads a deployment from the CDK context: `-c stage=dev|prod`, `-c region=…`, `-c finproBaseUrl=…`, `-c table=…` (an existing one),
 * `-c alarmAddress=…` (an email address), `-c runbookUrl=…`, `-c waf=on|off`. `docs/settings.md` lists them.
 * @throws Error naming the invalid value, and what was expected
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
  if (!success) throw new Error(`Invalid deployment context:\n${z.prettifyError(error)}`);
  const { region, finproBaseUrl, alarmAddress, runbookUrl } = data;
  const stage = STAGES[data.stage];
  const waf = (data.waf ?? stage.waf) === 'on';
  const tableName = data.table ?? null;
  return { stage, region, finproBaseUrl, tableName, alarmAddress: alarmAddress ?? null, runbookUrl, waf };
}
