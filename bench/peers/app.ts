import { fileURLToPath } from 'node:url';
import { App, Duration, Stack } from 'aws-cdk-lib';
import { LambdaIntegration, RestApi } from 'aws-cdk-lib/aws-apigateway';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import {
  Choice,
  Condition,
  DefinitionBody,
  JitterType,
  StateMachine,
  Succeed,
  Wait,
  WaitTime,
} from 'aws-cdk-lib/aws-stepfunctions';
import { LambdaInvoke } from 'aws-cdk-lib/aws-stepfunctions-tasks';
import { ROW_SETTINGS } from './row-settings.ts';

/**
 * The pattern that the product is compared with: one Standard execution a row, which requests and then waits, polls and chooses until the data
 * is there, and a table with one item a row and one with the counters. What most would write first, and write well: two functions of 256 MB
 * on arm64, no state more than needed, and a retry with full jitter for calls that are answered 429.
 */
const stack = new Stack(new App(), 'row-executions', { env: { region: 'ap-south-1' } });

const table = new Table(stack, 'Table', {
  partitionKey: { name: 'pk', type: AttributeType.STRING },
  sortKey: { name: 'sk', type: AttributeType.STRING },
  billingMode: BillingMode.PAY_PER_REQUEST,
});

function lambdaOf(file: string, handler: string, timeout: Duration): NodejsFunction {
  const lambda = new NodejsFunction(stack, handler, {
    entry: fileURLToPath(new URL(file, import.meta.url)),
    handler,
    depsLockFilePath: fileURLToPath(new URL('../../package-lock.json', import.meta.url)),
    runtime: Runtime.NODEJS_24_X,
    architecture: Architecture.ARM_64,
    memorySize: ROW_SETTINGS.memoryMegabytes,
    timeout,
    environment: {
      TABLE_NAME: table.tableName,
      FINPRO_BASE_URL: 'https://finpro.example',
      POLL_FIRST_SECONDS: String(ROW_SETTINGS.pollFirst),
      POLL_DEADLINE_SECONDS: String(ROW_SETTINGS.pollDeadline),
    },
    bundling: { minify: true, bundleAwsSDK: true },
  });
  table.grantReadWriteData(lambda);
  return lambda;
}

function step(name: 'request' | 'poll'): LambdaInvoke {
  const lambda = lambdaOf('./row-functions.ts', name, Duration.seconds(30));
  const task = new LambdaInvoke(stack, `${name} the row`, {
    lambdaFunction: lambda,
    payloadResponseOnly: true,
    retryOnServiceExceptions: false,
  });
  task.addRetry({
    errors: ['TooManyRequests'],
    interval: Duration.seconds(ROW_SETTINGS.retryFirst),
    backoffRate: 2,
    maxDelay: Duration.seconds(ROW_SETTINGS.retryLongest),
    maxAttempts: 1000,
    jitterStrategy: JitterType.FULL,
  });
  return task;
}

const wait = new Wait(stack, 'Wait', { time: WaitTime.timestampPath('$.resumeAt') });
const loop = wait
  .next(step('poll'))
  .next(
    new Choice(stack, 'Is it there?')
      .when(Condition.booleanEquals('$.done', true), new Succeed(stack, 'Done'))
      .otherwise(wait),
  );
const machine = new StateMachine(stack, 'Machine', {
  stateMachineName: 'row-executions',
  definitionBody: DefinitionBody.fromChainable(step('request').next(loop)),
});

const accept = lambdaOf('./accept-rows.ts', 'handler', Duration.seconds(60));
accept.addEnvironment('STATE_MACHINE_ARN', machine.stateMachineArn);
machine.grantStartExecution(accept);
new RestApi(stack, 'Api', { cloudWatchRole: false }).root.addMethod('POST', new LambdaIntegration(accept));
