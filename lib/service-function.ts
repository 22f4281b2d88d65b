import { Duration } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { bundleOf } from './bundle.ts';
import type { Stage } from './deployment.ts';
import { metricsNamespace, SERVICE } from './monitoring/metrics.ts';
import { suppressWildcardNag } from './nag.ts';
import { SETTINGS } from './settings.ts';
import { FUNCTIONS, type FunctionName } from './topology.ts';

export interface ServiceFunctionProps {
  readonly stage: Stage;
  readonly name: FunctionName;
  /** One sentence for the person on call: what it means for clients and batches while this function fails. */
  readonly impactOfErrors: string;
  /** How often Lambda retries a failed asynchronous call. Lambda's default is 2. */
  readonly retryAttempts?: number;
}

/**
 * The one way to make a function: Node 24 on arm64, its own role, which may only log and trace until more is allowed, and its own log group with a
 * retention. Timeout and memory are in the topology.
 */
export class ServiceFunction extends Construct {
  readonly name: FunctionName;
  readonly lambda: LambdaFunction;
  readonly logGroup: LogGroup;
  readonly impactOfErrors: string;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    this.name = props.name;
    this.impactOfErrors = props.impactOfErrors;

    const { timeout, memory } = FUNCTIONS[props.name];
    this.logGroup = new LogGroup(this, 'Logs', {
      retention: props.stage.logRetention,
      removalPolicy: props.stage.removalPolicy,
    });
    // Lambda's managed policy allows logging to every group of the account.
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    this.logGroup.grantWrite(role);

    this.lambda = new LambdaFunction(this, 'Function', {
      functionName: `bulk-data-fetch-${props.stage.name}-${props.name}`,
      description: `While it fails: ${props.impactOfErrors}`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: bundleOf(props.name),
      handler: 'index.handler',
      role,
      logGroup: this.logGroup,
      timeout: Duration.seconds(timeout),
      memorySize: memory,
      tracing: Tracing.ACTIVE,
      ...(props.retryAttempts === undefined ? {} : { retryAttempts: props.retryAttempts }),
      environment: {
        ...SETTINGS,
        NODE_OPTIONS: '--enable-source-maps',
        POWERTOOLS_SERVICE_NAME: SERVICE,
        POWERTOOLS_METRICS_NAMESPACE: metricsNamespace(props.stage),
        POWERTOOLS_LOG_LEVEL: props.stage.logLevel,
      },
    });
    suppressWildcardNag(role, '*', 'Active tracing: X-Ray supports no permissions on single resources.');
  }

  /** Allows the function these actions on these resources, under these conditions. */
  allow(
    actions: readonly string[],
    resources: readonly string[],
    conditions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {},
  ): void {
    this.lambda.addToRolePolicy(new PolicyStatement({ actions: [...actions], resources: [...resources], conditions }));
  }
}
