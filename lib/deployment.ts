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
}

const STAGES: Readonly<Record<Stage['name'], Stage>> = {
  dev: {
    name: 'dev',
    removal: RemovalPolicy.DESTROY,
    protected: false,
    logRetention: RetentionDays.TWO_WEEKS,
    logLevel: 'DEBUG',
  },
  // Logs are kept as long as the batches they tell of.
  prod: {
    name: 'prod',
    removal: RemovalPolicy.RETAIN,
    protected: true,
    logRetention: RetentionDays.THREE_MONTHS,
    logLevel: 'INFO',
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
});

/** One deployment of the service: where, for whom, and against which upstream. */
export interface Deployment {
  readonly stage: Stage;
  readonly region: string;
  readonly finproBaseUrl: string;
}

/**
 * Reads a deployment from the CDK context: `-c stage=dev|prod`, `-c region=…`, `-c finproBaseUrl=…`.
 * @throws Error naming the value that is not possible, and what was expected
 */
export function readDeployment(context: (key: string) => unknown): Deployment {
  const { success, data, error } = contextSchema.safeParse({
    stage: context('stage'),
    region: context('region'),
    finproBaseUrl: context('finproBaseUrl'),
  });
  if (!success) throw new Error(`The context of this deployment is not possible:\n${z.prettifyError(error)}`);
  const { stage, ...rest } = data;
  return { stage: STAGES[stage], ...rest };
}
