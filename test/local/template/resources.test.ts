import { expect, test } from 'vitest';
import { z } from 'zod';
import { stackOf } from '../fixture/stack.ts';

/** The text of a `Fn::Sub`, whose variables would look like forgotten template literals. */
const text = (marked: string): string => marked.replaceAll('#', '$');

const QUEUE = { Type: 'AWS::SQS::Queue' };

function resolved(value: unknown): unknown {
  const stack = stackOf({
    Queue: QUEUE,
    Named: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::Sub': text('#{AWS::StackName}-named') } } },
    Table: { Type: 'AWS::DynamoDB::Table' },
    Machine: { Type: 'AWS::StepFunctions::StateMachine' },
    Subject: { Type: 'AWS::Events::Rule', Properties: { value } },
  });
  return stack.ofType('AWS::Events::Rule', z.object({ value: z.unknown() }))[0]?.properties.value;
}

test.each([
  ['a queue by its URL', { Ref: 'Queue' }, 'http://127.0.0.1:9/000000000000/stack-Queue'],
  ['a queue by its own name', { 'Fn::GetAtt': ['Named', 'QueueName'] }, 'stack-named'],
  ['a queue by its ARN', { 'Fn::GetAtt': 'Queue.Arn' }, 'arn:aws:sqs:ap-south-1:000000000000:stack-Queue'],
  ['a table by its name', { Ref: 'Table' }, 'stack-Table'],
  ['a machine by its ARN', { Ref: 'Machine' }, 'arn:aws:states:ap-south-1:000000000000:stateMachine:stack-Machine'],
  [
    'pseudo parameters',
    { 'Fn::Join': ['/', [{ Ref: 'AWS::Region' }, { Ref: 'AWS::AccountId' }]] },
    'ap-south-1/000000000000',
  ],
  ['a parameter by its default', { Ref: 'Size' }, 'large'],
  [
    'Sub with variables',
    { 'Fn::Sub': [text('#{one}-#{Table}-#{Queue.Arn}-#{!kept}'), { one: 1 }] },
    text('1-stack-Table-arn:aws:sqs:ap-south-1:000000000000:stack-Queue-#{kept}'),
  ],
  ['Select of Split', { 'Fn::Select': [1, { 'Fn::Split': ['-', { Ref: 'Table' }] }] }, 'Table'],
  ['NoValue by leaving it out', { kept: 1, gone: { Ref: 'AWS::NoValue' } }, { kept: 1 }],
])('resolves %s', (_, value, expected) => {
  expect(resolved(value)).toEqual(expected);
});

test.each([
  ['an unknown function', { 'Fn::ImportValue': 'x' }, 'does not know the intrinsic function Fn::ImportValue'],
  ['a missing resource', { Ref: 'Nowhere' }, 'no resource Nowhere'],
  ['an unknown attribute', { 'Fn::GetAtt': ['Table', 'StreamArn'] }, 'the attribute StreamArn of Table'],
])('says what it does not know: %s', (_, value, message) => {
  expect(() => resolved(value)).toThrow(message);
});

test('refuses a type of resource that would change what runs', () => {
  expect(() => stackOf({ Stream: { Type: 'AWS::Kinesis::Stream' } })).toThrow(
    'cannot run AWS::Kinesis::Stream (Stream)',
  );
});

test('leaves out what changes nothing here', () => {
  expect(() =>
    stackOf({ Alarm: { Type: 'AWS::CloudWatch::Alarm' }, Role: { Type: 'AWS::IAM::Role' }, Queue: QUEUE }),
  ).not.toThrow();
});

test('resolves only the properties that are asked for', () => {
  const stack = stackOf({ Queue: { Type: 'AWS::SQS::Queue', Properties: { Other: { 'Fn::Odd': 1 }, Delay: 3 } } });
  expect(stack.ofType('AWS::SQS::Queue', z.object({ Delay: z.number() }))[0]?.properties).toEqual({ Delay: 3 });
});
