import { afterEach, expect, test, vi } from 'vitest';
import { CallRecord } from '#local/call-record.ts';
import { intervalOf, Schedules } from '#local/schedules.ts';
import { stackOf } from './fixture/stack.ts';

const ARN = 'arn:aws:lambda:ap-south-1:000000000000:function:tick';
const rule = (properties: object) => ({
  Type: 'AWS::Events::Rule',
  Properties: { ScheduleExpression: 'rate(1 minute)', Targets: [{ Id: 'T', Arn: ARN }], ...properties },
});

afterEach(() => vi.useRealTimers());

test.each([
  ['rate(1 minute)', 60_000],
  ['rate(5 minutes)', 300_000],
  ['rate(2 hours)', 7_200_000],
  ['rate(1 day)', 86_400_000],
])('%s is every %i ms', (expression, milliseconds) => {
  expect(intervalOf(expression)).toBe(milliseconds);
});

test.each(['cron(0 12 * * ? *)', 'at(2026-11-20T13:00:00)', 'rate(1 fortnight)'])('refuses %s', (expression) => {
  expect(() => intervalOf(expression)).toThrow(expression);
});

test('calls each target in scaled time, one call at a time, and no disabled one', async () => {
  vi.useFakeTimers();
  const events: string[] = [];
  const answers: (() => void)[] = [];
  const invoke = (functionArn: string, event: string) => {
    events.push(`${functionArn.split(':').at(-1)} ${JSON.parse(event).source ?? event}`);
    return new Promise<{ ok: true; payload: string }>((resolve) => {
      answers.push(() => resolve({ ok: true, payload: 'null' }));
    });
  };
  const stack = stackOf({
    Plain: rule({}),
    Off: rule({ State: 'DISABLED' }),
    Later: rule({ ScheduleExpression: 'rate(2 minutes)', Targets: [{ Arn: `${ARN}2`, Input: '{"x":1}' }] }),
  });
  const schedules = new Schedules(stack, { invoke }, new CallRecord(), 0.1);
  schedules.start();
  await vi.advanceTimersByTimeAsync(6_000);
  expect(events).toEqual(['tick aws.events']);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(events).toEqual(['tick aws.events', 'tick2 {"x":1}']);
  answers[0]?.();
  await vi.advanceTimersByTimeAsync(6_000);
  expect(events).toHaveLength(3);
  schedules.stop();
  answers[1]?.();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(events).toHaveLength(3);
});
