import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import {
  Choice,
  Condition,
  DefinitionBody,
  type IChainable,
  JitterType,
  LogLevel,
  QueryLanguage,
  StateMachine,
  StateMachineType,
  Succeed,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { Construct } from 'constructs';
import type { Stage } from './deployment.ts';
import { suppressNag, suppressWildcardNag } from './nag.ts';
import type { ServiceFunction } from './service-function.ts';
import { SETTINGS } from './settings.ts';
import { CHUNK_LOOP } from './topology.ts';

export interface ChunkLoopProps {
  readonly stage: Stage;
  readonly advanceChunk: ServiceFunction;
}

/**
 * The state machine of a chunk: wait until `resumeAt`, advance, repeat until it's done. Its input and advance-chunk's result have the same shape,
 * `{organisationId, referenceId, batchId, chunk, generation, done, resumeAt}`, so that a round is three transitions; a batch has at most 800
 * (`docs/architecture.md`, "Figures").
 */
export class ChunkLoop extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: ChunkLoopProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      // Step Functions adds log groups to a resource policy of limited size, except those under this prefix.
      logGroupName: `/aws/vendedlogs/states/bulk-data-fetch-${props.stage.name}-chunk-loop`,
      retention: props.stage.logRetention,
      // It has a fixed name, so a retained one would block the next stack. It holds errors only, no data.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.stateMachine = new StateMachine(this, 'StateMachine', {
      stateMachineName: `bulk-data-fetch-${props.stage.name}-chunk-loop`,
      stateMachineType: StateMachineType.STANDARD,
      queryLanguage: QueryLanguage.JSON_PATH,
      definitionBody: DefinitionBody.fromChainable(this.#definition(props.advanceChunk)),
      timeout: Duration.seconds(Number(SETTINGS.BATCH_DEADLINE_SECONDS) + CHUNK_LOOP.timeoutBeyondDeadline),
      role: this.#role(props.advanceChunk).withoutPolicyUpdates(),
      logs: { destination: logGroup, level: LogLevel.ERROR, includeExecutionData: false },
      tracingEnabled: true,
    });
    suppressNag(
      this.stateMachine,
      'SF1',
      "Logging each event of up to 800 transitions per batch costs as much as the transitions; an execution's history shows them for 90 days.",
    );
    suppressWildcardNag(this, '*', 'Neither log delivery nor X-Ray supports permissions on single resources.');
  }

  /** Lets a function start executions; sets `STATE_MACHINE_ARN`. */
  grantStartExecution(starter: ServiceFunction): void {
    starter.lambda.addEnvironment('STATE_MACHINE_ARN', this.stateMachine.stateMachineArn);
    starter.allow(['states:StartExecution'], [this.stateMachine.stateMachineArn]);
  }

  #definition(advanceChunk: ServiceFunction): IChainable {
    const { retry } = CHUNK_LOOP;
    const wait = new Wait(this, 'Wait', { time: WaitTime.timestampPath('$.resumeAt') });
    const advance = new LambdaInvoke(this, 'AdvanceChunk', {
      lambdaFunction: advanceChunk.lambda,
      payloadResponseOnly: true,
      retryOnServiceExceptions: false,
    });
    // Whatever failed, advancing again is safe, thanks to the chunk's version and lease. After the last retry the execution
    // fails, and recovery starts the next generation.
    advance.addRetry({
      errors: ['States.ALL'],
      interval: Duration.seconds(retry.interval),
      backoffRate: retry.backoffRate,
      maxAttempts: retry.maxAttempts,
      jitterStrategy: JitterType[retry.jitter],
    });
    const done = new Choice(this, 'IsDone')
      .when(Condition.booleanEquals('$.done', true), new Succeed(this, 'Done'))
      .otherwise(wait);
    return wait.next(advance).next(done);
  }

  /** Written out, because the CDK's default role also allows every version of the function. */
  #role(advanceChunk: ServiceFunction): Role {
    const allow = (actions: string[], resources: string[]) =>
      new PolicyDocument({ statements: [new PolicyStatement({ actions, resources })] });
    return new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
      inlinePolicies: {
        Advance: allow(['lambda:InvokeFunction'], [advanceChunk.lambda.functionArn]),
        // Neither log delivery nor X-Ray supports permissions on single resources.
        Log: allow(
          [
            'logs:CreateLogDelivery',
            'logs:GetLogDelivery',
            'logs:UpdateLogDelivery',
            'logs:DeleteLogDelivery',
            'logs:ListLogDeliveries',
            'logs:PutResourcePolicy',
            'logs:DescribeResourcePolicies',
            'logs:DescribeLogGroups',
          ],
          ['*'],
        ),
        Trace: allow(
          ['xray:PutTraceSegments', 'xray:PutTelemetryRecords', 'xray:GetSamplingRules', 'xray:GetSamplingTargets'],
          ['*'],
        ),
      },
    });
  }
}
