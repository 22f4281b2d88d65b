import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { SETTINGS } from '#lib/settings.ts';
import { API, CHUNK_LOOP, FUNCTIONS, QUEUES, RECOVERY, TABLE, upstreamSecretPrefix } from '#lib/topology.ts';
import { rendered, synthesized } from './synthesized.ts';

const ROOT = join(import.meta.dirname, '../..');
const stack = synthesized();

describe('functions', () => {
  test('the stack has those of the topology, and no others', () => {
    expect([...stack.functions().keys()].sort()).toEqual(Object.keys(FUNCTIONS).sort());
  });

  test.each(Object.entries(FUNCTIONS))('%s has its timeout and memory', (name, { timeout, memory }) => {
    expect(stack.function(name).properties).toMatchObject({ Timeout: timeout, MemorySize: memory });
  });

  test('each has its wiring in the folder of its feature, and every wiring is one of them', () => {
    const wirings = globSync('lambdas/*/*/index.ts', { cwd: ROOT }).map((path) => path.replaceAll('\\', '/'));
    const expected = Object.entries(FUNCTIONS).map(([name, { feature }]) => `lambdas/${feature}/${name}/index.ts`);
    expect(wirings.sort()).toEqual(expected.sort());
  });
});

test.each(Object.values(QUEUES))('queue $name is consumed and redelivered as the topology says', (queue) => {
  const found = stack
    .all('AWS::SQS::Queue')
    .find(({ properties }) => properties['QueueName'] === `bulk-data-fetch-dev-${queue.name}`);
  expect(found?.properties).toMatchObject({
    VisibilityTimeout: queue.visibilityTimeout,
    RedrivePolicy: { maxReceiveCount: queue.maxReceiveCount },
  });
  const mapping = stack
    .all('AWS::Lambda::EventSourceMapping')
    .find(({ properties }) => rendered(properties['EventSourceArn']) === `<${found?.logicalId}.Arn>`);
  expect(mapping?.properties).toMatchObject({
    FunctionName: { Ref: stack.function(queue.consumer).logicalId },
    ScalingConfig: { MaximumConcurrency: queue.maxConcurrency },
  });
});

describe('state machine of a chunk', () => {
  const definitionSchema = z.object({
    TimeoutSeconds: z.number(),
    States: z.record(z.string(), z.looseObject({ Type: z.string() })),
  });
  const [machine] = stack.all('AWS::StepFunctions::StateMachine');
  const { TimeoutSeconds, States } = definitionSchema.parse(
    JSON.parse(rendered(machine?.properties['DefinitionString'])),
  );
  const tasks = Object.values(States).filter(({ Type }) => Type === 'Task');

  test('its task is retried as the topology says', () => {
    const { interval, backoffRate, maxAttempts, jitter } = CHUNK_LOOP.retry;
    expect(tasks).toEqual([
      expect.objectContaining({
        Resource: `<${stack.function(CHUNK_LOOP.task).logicalId}.Arn>`,
        Retry: [
          {
            ErrorEquals: ['States.ALL'],
            IntervalSeconds: interval,
            BackoffRate: backoffRate,
            MaxAttempts: maxAttempts,
            JitterStrategy: jitter,
          },
        ],
      }),
    ]);
  });

  test('it ends some time after the deadline of its batch', () => {
    expect(TimeoutSeconds).toBe(Number(SETTINGS.BATCH_DEADLINE_SECONDS) + CHUNK_LOOP.timeoutBeyondDeadline);
  });

  test('all its states but the last make a round', () => {
    const rounds = Object.values(States).filter(({ Type }) => Type !== 'Succeed');
    expect(rounds).toHaveLength(CHUNK_LOOP.transitionsPerRound);
  });
});

test('recovery runs at its interval, and a failed run is not repeated', () => {
  const [rule] = stack.all('AWS::Events::Rule');
  expect(rule?.properties).toMatchObject({
    ScheduleExpression: RECOVERY.interval === 60 ? 'rate(1 minute)' : `rate(${RECOVERY.interval / 60} minutes)`,
    Targets: [
      {
        Arn: { 'Fn::GetAtt': [stack.function(RECOVERY.function).logicalId, 'Arn'] },
        RetryPolicy: { MaximumEventAgeInSeconds: RECOVERY.interval, MaximumRetryAttempts: RECOVERY.retryAttempts },
      },
    ],
  });
});

test('the API is throttled as the topology says', () => {
  const [stage] = stack.all('AWS::ApiGateway::Stage');
  expect(stage?.properties['MethodSettings']).toEqual([
    expect.objectContaining({
      ThrottlingRateLimit: API.throttling.rate,
      ThrottlingBurstLimit: API.throttling.burst,
    }),
  ]);
});

test('the table and its index have the names of the topology', () => {
  const key = (partition: string, sort: string) => [
    { AttributeName: partition, KeyType: 'HASH' },
    { AttributeName: sort, KeyType: 'RANGE' },
  ];
  const { indexName, partitionKey, sortKey } = TABLE.openBatches;
  stack.template.hasResourceProperties('AWS::DynamoDB::Table', {
    KeySchema: key(TABLE.partitionKey, TABLE.sortKey),
    TimeToLiveSpecification: { AttributeName: TABLE.timeToLive },
    GlobalSecondaryIndexes: [{ IndexName: indexName, KeySchema: key(partitionKey, sortKey) }],
  });
});

test('secrets of organisations are under the prefix of their stage', () => {
  expect(stack.outputs['UpstreamSecretPrefix']).toBe(upstreamSecretPrefix('dev'));
});

test('it loads nothing, so that tests and figures can have it without the CDK', () => {
  expect(readFileSync(join(ROOT, 'lib/topology.ts'), 'utf8')).not.toMatch(/^\s*(import|export .* from)\b/m);
});
