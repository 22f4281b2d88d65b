import { afterEach, expect, test, vi } from 'vitest';
import type { Invoker } from '#local/lambda/lambda.ts';
import { Runner } from '#local/step-functions/runner.ts';

const LAMBDA = 'arn:aws:lambda:r:0:function:f';
const NEVER = { transition: () => {} };
const echo: Invoker['invoke'] = async (_arn, event) => ({ ok: true, payload: event });

const runner = (States: object, invoke: Invoker['invoke'] = echo): Runner =>
  new Runner(JSON.stringify({ StartAt: Object.keys(States)[0], States }), 0.001, { invoke });

const wait = { A: { Type: 'Wait', TimestampPath: '$.at', Next: 'B' }, B: { Type: 'Pass', End: true } };

afterEach(() => {
  vi.useRealTimers();
});

test.each(['2026-01-01T00:00:00.123Z', '2026-01-01T05:30:00+05:30'])('a time gone by is no wait: %s', async (at) => {
  expect(await runner(wait).run({ at, kept: 1 }, undefined, undefined, NEVER).ended).toEqual({ at, kept: 1 });
});

test('a wait ends when its time has come, never before', async () => {
  const at = new Date(Date.now() + 40).toISOString();
  await runner(wait).run({ at }, undefined, undefined, NEVER).ended;
  expect(Date.now()).toBeGreaterThanOrEqual(new Date(at).getTime());
});

test.each([{}, { at: 'tomorrow' }, { at: 5 }, 'text'])('%j has no time to wait for', async (input) => {
  await expect(runner(wait).run(input, undefined, undefined, NEVER).ended).rejects.toThrow('no timestamp at $.at');
});

test('starts in the middle, and ignores a state that is not there', async () => {
  const seen: string[] = [];
  const listener = { transition: (state: string) => seen.push(state) };
  const run = runner({ A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', End: true } });
  await run.run(1, 'B', undefined, listener).ended;
  await run.run(1, 'Elsewhere', undefined, listener).ended;
  await expect.poll(() => seen).toEqual(['B', 'A', 'B']);
});

test('a task gives the answer of its function', async () => {
  const direct = { A: { Type: 'Task', Resource: LAMBDA, End: true } };
  expect(await runner(direct).run({ x: 1 }, undefined, undefined, NEVER).ended).toEqual({ x: 1 });
});

test('Retry and Catch see the name of the error', async () => {
  let calls = 0;
  const failing: Invoker['invoke'] = async () => {
    calls += 1;
    return { ok: false, error: { errorType: 'TypeError', errorMessage: 'm' } };
  };
  const states = {
    A: {
      Type: 'Task',
      Resource: LAMBDA,
      Retry: [{ ErrorEquals: ['TypeError'], IntervalSeconds: 1, MaxAttempts: 2 }],
      Catch: [{ ErrorEquals: ['TypeError'], Next: 'B' }],
      End: true,
    },
    B: { Type: 'Pass', End: true },
  };
  expect(await runner(states, failing).run({}, undefined, undefined, NEVER).ended).toMatchObject({
    Error: 'TypeError',
  });
  expect(calls).toBe(3);
});

test.each([
  ['waits', wait, { at: '2999-01-01T00:00:00Z' }],
  [
    'calls a function',
    { A: { Type: 'Task', Resource: LAMBDA, Retry: [{ ErrorEquals: ['States.ALL'] }], End: true } },
    {},
  ],
])('a run that %s leaves no timer behind when it is aborted, and goes no further', async (_doing, states, input) => {
  vi.useFakeTimers();
  const entered: string[] = [];
  const unanswered = vi.fn<Invoker['invoke']>(() => new Promise(() => {}));
  const run = runner(states, unanswered).run(input, undefined, undefined, {
    transition: (state) => entered.push(state),
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(vi.getTimerCount()).toBe(1);
  run.abort();
  await expect(run.ended).rejects.toThrow('aborted');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(vi.getTimerCount()).toBe(0);
  expect(entered).toEqual(['A']);
  expect(unanswered.mock.calls.length).toBeLessThanOrEqual(1);
});

test('a run that is aborted between two tries does not begin the next one', async () => {
  vi.useFakeTimers();
  const error = { errorType: 'TypeError', errorMessage: 'm' };
  const invoke = vi.fn<Invoker['invoke']>(() => new Promise(() => {})).mockResolvedValueOnce({ ok: false, error });
  const Retry = [{ ErrorEquals: ['TypeError'], IntervalSeconds: 60 }];
  const states = { A: { Type: 'Task', Resource: LAMBDA, Retry, End: true } };
  const run = runner(states, invoke).run({}, undefined, undefined, NEVER);
  await vi.advanceTimersByTimeAsync(0);
  run.abort();
  await expect(run.ended).rejects.toThrow('aborted');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(invoke).toHaveBeenCalledTimes(1);
  expect(vi.getTimerCount()).toBe(0);
});

test('an answer beyond 256 KB fails the task', async () => {
  const large: Invoker['invoke'] = async () => ({ ok: true, payload: `"${'x'.repeat(262_144)}"` });
  const run = runner({ A: { Type: 'Task', Resource: LAMBDA, End: true } }, large);
  await expect(run.run({}, undefined, undefined, NEVER).ended).rejects.toThrow('larger than 256 KB');
});

test('refuses a definition that is not valid', () => {
  expect(() => runner({ A: { Type: 'Pass', Next: 'Nowhere' } })).toThrow('invalid');
});
