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
import { acknowledge } from './nag.ts';
import type { ServiceFunction } from './service-function.ts';
import { SETTINGS } from './settings.ts';
import { CHUNK_LOOP } from './topology.ts';

export interface ChunkLoopProps {
  readonly stage: Stage;
  readonly advanceChunk: ServiceFunction;
}

/**
 * The state machine of a chunk: wait until `resumeAt`, advance, and again until it is done. Its input and what advance-chunk returns
 * have the same shape, `{organisationId, referenceId, batchId, chunk, generation, done, resumeAt}`, so that three transitions make a
 * round; at most 800 of them a batch are paid for (design, "Figures").
 */
export class ChunkLoop extends Construct {
  readonly stateMachine: StateMachine;

  constructor(scope: Construct, id: string, props: ChunkLoopProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      // Step Functions adds log groups to a resource policy of limited size, but for those under this prefix.
      logGroupName: `/aws/vendedlogs/states/bulk-data-fetch-${props.stage.name}-chunk-loop`,
      retention: props.stage.logRetention,
      // It has a name, so one that was kept would be in the way of the next stack's. It holds errors only, no data.
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
    acknowledge(
      this.stateMachine,
      'SF1',
      'Each event of some 800 transitions a batch would be a log line, which costs as much as they do; the history of an execution shows them for 90 days.',
    );
    acknowledge(this, 'IAM5[Resource::*]', 'Neither log delivery nor X-Ray knows permissions on single resources.');
  }

  /** Lets a function start executions, and tells it of which machine. */
  allowStarting(starter: ServiceFunction): void {
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
    // Whatever failed, advancing again is safe: the chunk's version and claim see to that. After the last try the execution
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

  /** Written out, since the CDK's own would also allow every version of the function. */
  #role(advanceChunk: ServiceFunction): Role {
    const allow = (actions: string[], resources: string[]) =>
      new PolicyDocument({ statements: [new PolicyStatement({ actions, resources })] });
    return new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
      inlinePolicies: {
        Advance: allow(['lambda:InvokeFunction'], [advanceChunk.lambda.functionArn]),
        // Neither log delivery nor X-Ray knows permissions on single resources.
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
