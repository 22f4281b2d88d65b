import { expect, test } from 'vitest';
import { synthesized } from './synthesized.ts';

const stack = synthesized();

test('every minute one rule calls recover-batches', () => {
  expect(stack.all('AWS::Events::Rule').map(({ properties }) => properties)).toEqual([
    expect.objectContaining({
      ScheduleExpression: 'rate(1 minute)',
      State: 'ENABLED',
      Targets: [
        expect.objectContaining({ Arn: { 'Fn::GetAtt': [stack.function('recover-batches').logicalId, 'Arn'] } }),
      ],
    }),
  ]);
});

test('a run that failed is not repeated: the next one comes within the minute', () => {
  expect(stack.all('AWS::Lambda::EventInvokeConfig').map(({ properties }) => properties)).toEqual([
    expect.objectContaining({
      FunctionName: { Ref: stack.function('recover-batches').logicalId },
      MaximumRetryAttempts: 0,
    }),
  ]);
});
