import { expect, test } from 'vitest';
import { readDefinition } from '#local/step-functions/definition.ts';

const LAMBDA = 'arn:aws:lambda:r:0:function:f';
const machine = (States: object, extra: object = {}) => JSON.stringify({ StartAt: 'A', States, ...extra });
const read = (States: object, extra: object = {}) => readDefinition(machine(States, extra), 0.1);

test('scales fixed waits and retries, and leaves alone what a state reads from its input', () => {
  const { definition } = read({
    A: { Type: 'Wait', Seconds: 30, Next: 'B' },
    B: { Type: 'Wait', SecondsPath: '$.left', Next: 'C' },
    C: {
      Type: 'Task',
      Resource: LAMBDA,
      TimeoutSeconds: 60,
      Retry: [
        { ErrorEquals: ['States.ALL'], IntervalSeconds: 2, BackoffRate: 2 },
        { ErrorEquals: ['X'], MaxDelaySeconds: 5 },
      ],
      End: true,
    },
  });
  expect(definition).toMatchObject({
    States: {
      A: { Seconds: 3 },
      B: { SecondsPath: '$.left' },
      C: {
        TimeoutSeconds: 60,
        Retry: [
          { IntervalSeconds: 0.2, BackoffRate: 2 },
          { IntervalSeconds: 0.1, MaxDelaySeconds: 0.5 },
        ],
      },
    },
  });
});

test('makes a task of a wait for a timestamp', () => {
  const { definition, tasks, waits } = read({
    A: { Type: 'Wait', TimestampPath: '$.loop.at', InputPath: '$.x', Next: 'B' },
    B: { Type: 'Task', Resource: LAMBDA, End: true },
  });
  expect(definition).toMatchObject({
    States: { A: { Type: 'Task', Resource: 'local:wait', InputPath: '$.x', Next: 'B' } },
  });
  expect([...waits]).toEqual([['A', ['loop', 'at']]]);
  expect([...tasks]).toEqual([['B', LAMBDA]]);
});

test('gives a task the longest timeout, and drops a timeout of the machine that no timer could keep', () => {
  const { definition } = read({ A: { Type: 'Task', Resource: LAMBDA, End: true } }, { TimeoutSeconds: 99_999_999 });
  expect(definition).toMatchObject({ States: { A: { TimeoutSeconds: 2_147_483 } } });
  expect(definition).not.toHaveProperty('TimeoutSeconds');
});

test.each([
  ['JSONata of the machine', { A: { Type: 'Succeed' } }, { QueryLanguage: 'JSONata' }],
  ['JSONata of a state', { A: { Type: 'Succeed', QueryLanguage: 'JSONata' } }, {}],
  ['a task of another service', { A: { Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage', End: true } }, {}],
  ['a wait for one of several timestamps', { A: { Type: 'Wait', TimestampPath: '$.all[0]', End: true } }, {}],
  ['a Map', { A: { Type: 'Map', ItemProcessor: { StartAt: 'T', States: {} }, End: true } }, {}],
])('refuses %s', (_, states, extra) => {
  expect(() => read(states, extra)).toThrow();
});
