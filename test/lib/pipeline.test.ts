import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { rendered, synthesized } from './synthesized.ts';

const stack = synthesized();

describe('chunk queue', () => {
  const queues = stack.all('AWS::SQS::Queue');
  const queue = queues.find(({ properties }) => 'RedrivePolicy' in properties);
  const deadLetters = queues.find(({ properties }) => !('RedrivePolicy' in properties));

  test('a message stays hidden for six times the timeout of its consumer', () => {
    const timeout = z.number().parse(stack.function('start-chunk').properties['Timeout']);
    expect(queue?.properties['VisibilityTimeout']).toBeGreaterThanOrEqual(6 * timeout);
  });

  test('after five deliveries a message goes to the dead-letter queue, where it lies as long as SQS allows', () => {
    expect(queue?.properties['RedrivePolicy']).toEqual({
      deadLetterTargetArn: { 'Fn::GetAtt': [deadLetters?.logicalId, 'Arn'] },
      maxReceiveCount: 5,
    });
    expect(deadLetters?.properties['MessageRetentionPeriod']).toBe(14 * 86_400);
  });

  test('a message is kept for longer than a batch may take', () => {
    expect(queue?.properties['MessageRetentionPeriod']).toBeGreaterThan(86_400);
  });

  test('it is a standard queue, so that message groups make it fair and not ordered', () => {
    expect(queue?.properties['FifoQueue']).toBeUndefined();
  });

  test.each(queues.map(({ logicalId, properties }) => [logicalId, properties] as const))(
    '%s is encrypted, and nobody reaches it without TLS',
    (logicalId, properties) => {
      expect(properties['SqsManagedSseEnabled']).toBe(true);
      stack.template.hasResourceProperties('AWS::SQS::QueuePolicy', {
        Queues: [{ Ref: logicalId }],
        PolicyDocument: {
          Statement: [{ Effect: 'Deny', Action: 'sqs:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
        },
      });
    },
  );

  test('start-chunk gets one message at a time, at most 20 at once, and reports failures one by one', () => {
    expect(stack.all('AWS::Lambda::EventSourceMapping').map(({ properties }) => properties)).toEqual([
      {
        EventSourceArn: { 'Fn::GetAtt': [queue?.logicalId, 'Arn'] },
        FunctionName: { Ref: stack.function('start-chunk').logicalId },
        BatchSize: 1,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency: 20 },
      },
    ]);
  });
});

describe('state machine', () => {
  const machines = stack.all('AWS::StepFunctions::StateMachine');
  const properties = machines[0]?.properties ?? {};
  const definition: unknown = JSON.parse(rendered(properties['DefinitionString']));

  test('it waits, advances and chooses, and nothing else', () => {
    expect(machines).toHaveLength(1);
    expect(properties['StateMachineType']).toBe('STANDARD');
    expect(definition).toEqual({
      QueryLanguage: 'JSONPath',
      StartAt: 'Wait',
      TimeoutSeconds: 90_000,
      States: {
        Wait: { Type: 'Wait', TimestampPath: '$.resumeAt', Next: 'AdvanceChunk' },
        AdvanceChunk: {
          Type: 'Task',
          Resource: `<${stack.function('advance-chunk').logicalId}.Arn>`,
          Retry: [
            {
              ErrorEquals: ['States.ALL'],
              IntervalSeconds: 2,
              BackoffRate: 2,
              MaxAttempts: 5,
              JitterStrategy: 'FULL',
            },
          ],
          Next: 'IsDone',
        },
        IsDone: {
          Type: 'Choice',
          Choices: [{ Variable: '$.done', BooleanEquals: true, Next: 'Done' }],
          Default: 'Wait',
        },
        Done: { Type: 'Succeed' },
      },
    });
  });

  test('a chunk of six rounds stays within its share of 800 transitions a batch', () => {
    const schema = z.object({
      StartAt: z.string(),
      States: z.record(z.string(), z.object({ Next: z.string().optional(), Default: z.string().optional() })),
    });
    const { StartAt, States } = schema.parse(definition);
    const round: string[] = [];
    let state: string | undefined = StartAt;
    do {
      round.push(state);
      state = States[state]?.Next ?? States[state]?.Default;
    } while (state !== undefined && state !== StartAt);
    expect(round).toHaveLength(3);
    expect(40 * (6 * round.length + 1)).toBeLessThanOrEqual(800);
  });

  test('it is traced, and logs errors without the data of executions', () => {
    expect(properties['TracingConfiguration']).toEqual({ Enabled: true });
    expect(properties['LoggingConfiguration']).toMatchObject({ Level: 'ERROR', IncludeExecutionData: false });
  });
});
