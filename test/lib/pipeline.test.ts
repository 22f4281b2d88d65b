import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { rendered, synthesized } from './synthesized.ts';

const stack = synthesized();

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
