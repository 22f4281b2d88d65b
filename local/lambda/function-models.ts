import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { accessKeyIdOf } from '../aws-front.ts';
import type { StackResources } from '../template/resources.ts';

const functionSchema = z.object({
  FunctionName: z.string().optional(),
  Runtime: z.string().optional(),
  Handler: z.string().optional(),
  Timeout: z.coerce.number().default(3),
  MemorySize: z.coerce.number().default(128),
  Code: z.looseObject({ S3Key: z.string().optional() }),
  Environment: z.object({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).default({ Variables: {} }),
  LoggingConfig: z.object({ LogGroup: z.string().optional() }).default({}),
  Layers: z.array(z.unknown()).max(0, 'the local cloud has no layers').optional(),
});

/** A function of the template, ready to be run. */
export interface FunctionModel {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  /** The path of its bundle, and the export of it to call. */
  readonly bundle: string;
  readonly exportName: string;
  readonly timeoutMilliseconds: number;
  readonly memoryMegabytes: number;
  readonly logGroup: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** What every function's environment gets in addition to, or instead of, what the template says. */
export interface LocalEnvironment {
  readonly timeScale: number;
  /** What the limits of the machine are multiplied by: the functions' timeouts, and settings in `_MILLISECONDS`. */
  readonly machineScale: number;
  /** Replace a function's variable of the same name, such as the address of an upstream; functions without it don't get it. */
  readonly overrides: Readonly<Record<string, string>>;
}

/** Multiplies a duration, or a comma list of durations, in seconds. */
function scale(name: string, value: string, timeScale: number): string {
  const numbers = value.split(',').map((part) => Number(part.trim() || Number.NaN));
  if (numbers.some(Number.isNaN)) throw new Error(`${name} must be seconds, one number or a comma list, not ${value}`);
  // Rounded to the microsecond: enough for any wait, and free of the tail of a binary fraction.
  return numbers.map((number) => String(Number((number * timeScale).toFixed(6)))).join(',');
}

function environmentOf(
  logicalId: string,
  declared: Readonly<Record<string, string>>,
  endpoint: string,
  { timeScale, machineScale, overrides }: LocalEnvironment,
): Record<string, string> {
  const settings = Object.entries(declared).map(([name, value]) => {
    if (overrides[name] !== undefined) return [name, overrides[name]];
    if (name.endsWith('_SECONDS')) return [name, scale(name, value, timeScale)];
    return [name, name.endsWith('_MILLISECONDS') ? String(Math.ceil(Number(value) * machineScale)) : value];
  });
  return {
    ...Object.fromEntries(settings),
    AWS_ACCESS_KEY_ID: accessKeyIdOf(logicalId),
    AWS_SECRET_ACCESS_KEY: 'local',
    // Whatever service is called, it is looked for here: nothing must reach the real AWS.
    AWS_ENDPOINT_URL: endpoint,
    ...Object.fromEntries(
      ['DYNAMODB', 'SQS', 'SFN', 'SECRETS_MANAGER', 'S3'].map((service) => [`AWS_ENDPOINT_URL_${service}`, endpoint]),
    ),
  };
}

/** The template's functions that have a Node bundle among the assets; others, such as CDK's own helpers, are not run. */
export function functionModels(resources: StackResources, local: LocalEnvironment): FunctionModel[] {
  return resources
    .ofType('AWS::Lambda::Function', functionSchema)
    .flatMap(({ logicalId, ref, attributes, properties }) => {
      const folder = resources.assembly.assetFolders.get(properties.Code.S3Key ?? '');
      if (folder === undefined || !properties.Runtime?.startsWith('nodejs')) return [];
      const [file, exportName] = (properties.Handler ?? '').split('.');
      const bundle = ['mjs', 'js', 'cjs'].map((type) => join(folder, `${file}.${type}`)).find(existsSync);
      if (bundle === undefined || exportName === undefined) throw new Error(`${logicalId} has no file for its handler`);
      const { region, endpoint } = resources.place;
      const logGroup = properties.LoggingConfig.LogGroup ?? `/aws/lambda/${ref}`;
      return [
        {
          logicalId,
          name: ref,
          arn: attributes['Arn'] ?? '',
          bundle,
          exportName,
          timeoutMilliseconds: properties.Timeout * 1000 * local.machineScale,
          memoryMegabytes: properties.MemorySize,
          logGroup,
          environment: {
            ...environmentOf(logicalId, properties.Environment.Variables, endpoint, local),
            AWS_REGION: region,
            AWS_DEFAULT_REGION: region,
            AWS_EXECUTION_ENV: `AWS_Lambda_${properties.Runtime}`,
            AWS_LAMBDA_FUNCTION_NAME: ref,
            AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
            AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(properties.MemorySize),
            AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
            AWS_LAMBDA_LOG_GROUP_NAME: logGroup,
            AWS_LAMBDA_LOG_STREAM_NAME: 'local',
            LAMBDA_TASK_ROOT: folder,
            LANG: 'en_US.UTF-8',
            TZ: ':UTC',
            _HANDLER: properties.Handler ?? '',
          },
        },
      ];
    });
}
