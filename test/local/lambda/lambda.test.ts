import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { inProcesses } from '#bench/cloud/process-pool.ts';
import { CallRecord } from '#local/call-record.ts';
import { inThreads } from '#local/lambda/container-pools.ts';
import { DEFAULT_LIMITS } from '#local/lambda/containers.ts';
import { FunctionLogs } from '#local/lambda/function-log.ts';
import { functionModels } from '#local/lambda/function-models.ts';
import { buildContainerScript, Lambda } from '#local/lambda/lambda.ts';
import { Meter } from '#local/meter.ts';
import { stackOf } from '../fixture/stack.ts';

const ARN = 'arn:aws:lambda:ap-south-1:000000000000:function:stack-Subject';

let folder: string;
let meter: Meter;
let logs: FunctionLogs;
const started: Lambda[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lambda-'));
  meter = new Meter();
  logs = new FunctionLogs(join(folder, 'logs'), meter);
});
afterEach(async () => {
  for (const lambda of started.splice(0)) await lambda.close();
  await logs.close();
  rmSync(folder, { recursive: true });
});

const answer = z.object({ settings: z.array(z.string()), left: z.number() });

/** What Lambda itself gives to a function; macOS adds a variable with underscores to every process. */
const OF_LAMBDA = /^(_|AWS_|LAMBDA_TASK_ROOT$|LANG$|TZ$)/;

const WAYS = { 'a thread': inThreads, 'a process': inProcesses };

interface Subject {
  readonly way?: typeof inThreads;
  readonly file?: string;
  readonly properties?: object;
  readonly limits?: object;
  readonly overrides?: Record<string, string>;
  readonly machineScale?: number;
}

/** Lambda with one function, whose code is given. */
async function lambdaOf(
  code: string,
  { way = inThreads, file = 'index.mjs', properties, limits, overrides = {}, machineScale = 1 }: Subject = {},
): Promise<Lambda> {
  mkdirSync(join(folder, 'asset'), { recursive: true });
  writeFileSync(join(folder, 'asset', file), code);
  writeFileSync(join(folder, 'package.json'), '{}');
  const Properties = {
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Code: { S3Key: 'a.zip' },
    MemorySize: 512,
    ...properties,
  };
  const stack = stackOf(
    { Subject: { Type: 'AWS::Lambda::Function', Properties } },
    new Map([['a.zip', join(folder, 'asset')]]),
  );
  const models = functionModels(stack, { timeScale: 0.5, machineScale, overrides });
  const start = way(await buildContainerScript(folder));
  const lambda = new Lambda(models, start, { ...DEFAULT_LIMITS, ...limits }, { meter, record: new CallRecord(), logs });
  started.push(lambda);
  return lambda;
}

const readLog = (): string => {
  try {
    return readFileSync(join(folder, 'logs', 'stack-Subject.log'), 'utf8');
  } catch {
    return '';
  }
};

async function answerOf(lambda: Lambda, event: unknown = {}): Promise<unknown> {
  const outcome = await lambda.invoke(ARN, JSON.stringify(event));
  return outcome.ok ? JSON.parse(outcome.payload) : outcome.error;
}

test('scales the limits of the machine by themselves: the timeout, and settings in milliseconds', async () => {
  const lambda = await lambdaOf(
    `export const handler = async (event, context) => ({
      settings: [process.env.ONE_SECONDS, process.env.CALLS_MILLISECONDS],
      left: context.getRemainingTimeInMillis(),
    })`,
    {
      properties: { Timeout: 600, Environment: { Variables: { ONE_SECONDS: '1', CALLS_MILLISECONDS: '2000' } } },
      machineScale: 0.1,
    },
  );
  const { settings, left } = answer.parse(await answerOf(lambda));
  expect(settings).toEqual(['0.5', '200']);
  expect(left).toBeLessThanOrEqual(60_000);
  expect(left).toBeGreaterThan(0);
});

test('runs CommonJS in a .js file, as on Lambda', async () => {
  const lambda = await lambdaOf('exports.handler = async () => require("node:path").sep.length', { file: 'index.js' });
  expect(await answerOf(lambda)).toBe(1);
});

test('keeps a container warm, one invocation at a time, and starts no more than allowed', async () => {
  const code = `let calls = 0; const id = Math.random(); let busy = 0;
    export const handler = async () => {
      const alone = ++busy === 1; await new Promise((done) => setTimeout(done, 20)); busy -= 1;
      return { id, calls: ++calls, alone };
    }`;
  const lambda = await lambdaOf(code, { limits: { perFunction: 2 } });
  const answers = await Promise.all(Array.from({ length: 6 }, () => answerOf(lambda)));
  const seen = answers.map((answer) => JSON.stringify(answer));
  expect(new Set(seen).size).toBe(6);
  expect(seen.every((answer) => answer.includes('"alone":true'))).toBe(true);
  expect(meter.read().functions['stack-Subject']).toMatchObject({ invocations: 6, coldStarts: 2, errors: 0 });
});

test('an event of more than 6 MB, or 1 MB when nobody waits, is not taken; an answer of more than 6 MB is an error', async () => {
  const lambda = await lambdaOf('export const handler = async (event) => "x".repeat(event.bytes ?? 1)');
  const event = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2));
  expect((await lambda.invoke(ARN, event(6_291_556))).ok).toBe(true);
  await expect(lambda.invoke(ARN, event(6_291_557))).rejects.toMatchObject({ code: 'RequestTooLargeException' });
  await expect(lambda.invoke(ARN, event(1_048_577), 'Event')).rejects.toMatchObject({
    code: 'RequestTooLargeException',
  });
  expect(await answerOf(lambda, { bytes: 6_291_556 })).toMatchObject({ errorType: 'Function.ResponseSizeTooLarge' });
});

test('ends idle containers', async () => {
  const lambda = await lambdaOf('let calls = 0; export const handler = async () => ++calls', {
    limits: { idleMilliseconds: 40 },
  });
  expect(await answerOf(lambda)).toBe(1);
  await expect.poll(() => answerOf(lambda), { interval: 120 }).toBe(1);
});

describe.each(Object.entries(WAYS))('in %s', (_, way) => {
  test('runs an ES module with its event and context, and no environment but its own', async () => {
    const Variables = { ONE_SECONDS: '0.3', LIST_SECONDS: '30,60', KEPT_MILLISECONDS: '7', URL: 'x' };
    const lambda = await lambdaOf(
      `export const handler = async (event, context) => ({
      event,
      left: context.getRemainingTimeInMillis() > 0,
      arn: context.invokedFunctionArn,
      id: context.awsRequestId,
      settings: [process.env.ONE_SECONDS, process.env.LIST_SECONDS, process.env.KEPT_MILLISECONDS, process.env.URL],
      key: process.env.AWS_ACCESS_KEY_ID,
      names: Object.keys(process.env),
    })`,
      {
        way,
        properties: { Environment: { Variables } },
        overrides: { URL: 'http://here', NOT_DECLARED: 'y' },
      },
    );
    expect(await answerOf(lambda, { x: 1 })).toEqual({
      event: { x: 1 },
      left: true,
      arn: ARN,
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      settings: ['0.15', '15,30', '7', 'http://here'],
      key: 'local-Subject',
      names: expect.toSatisfy((names: string[]) => names.every((name) => OF_LAMBDA.test(name) || name in Variables)),
    });
  });

  test('reports an error by type and message', async () => {
    const lambda = await lambdaOf('export const handler = () => { throw new RangeError("too far"); }', { way });
    expect(await answerOf(lambda)).toMatchObject({ errorType: 'RangeError', errorMessage: 'too far' });
  });

  test('ends a function at its timeout and starts the next invocation in a new container', async () => {
    const code = `let calls = 0;
    export const handler = async (event) => { calls += 1; if (event.spin) for (;;); if (event.hang) await new Promise(() => setInterval(() => {}, 1e6)); return calls; }`;
    const lambda = await lambdaOf(code, { way, properties: { Timeout: 0.3 } });
    expect(await answerOf(lambda)).toBe(1);
    for (const event of [{ hang: true }, { spin: true }]) {
      expect(await answerOf(lambda, event)).toMatchObject({
        errorType: 'Sandbox.Timedout',
        errorMessage: expect.stringMatching(/Task timed out after 0.30 seconds$/),
      });
      expect(await answerOf(lambda)).toBe(1);
    }
  });

  test.each([
    ['that exits', 'process.exit(3)', 'Runtime.ExitError'],
    [
      'that throws outside of its handler',
      'setTimeout(() => { throw new TypeError("late"); }); await new Promise(() => {})',
      'TypeError',
    ],
    [
      'that needs more memory than there is',
      'const all = []; for (;;) all.push(new Array(1e6).fill(all))',
      'Runtime.OutOfMemory',
    ],
  ])('outlives a function %s', async (_what, body, errorType) => {
    const lambda = await lambdaOf(
      `export const handler = async (event) => { if (event.fail) { ${body} } return 'fine'; }`,
      { way, properties: { Timeout: 30, MemorySize: 128 } },
    );
    expect(await answerOf(lambda, { fail: true })).toMatchObject({ errorType });
    expect(await answerOf(lambda)).toBe('fine');
  });

  test('reports a bundle that cannot be loaded', async () => {
    expect(await answerOf(await lambdaOf('throw new Error("no way in")', { way }))).toMatchObject({
      errorMessage: 'no way in',
    });
    expect(await answerOf(await lambdaOf('export const other = 1', { way }))).toMatchObject({
      errorMessage: expect.stringContaining('exports no function handler'),
    });
  });

  test('killed containers fail what they were doing, and only that', async () => {
    const lambda = await lambdaOf(
      'export const handler = async (event) => { if (event.hang) { console.log("here"); await new Promise(() => setInterval(() => {}, 1e6)); } return 1; }',
      { way, limits: { perFunction: 1 } },
    );
    const hanging = answerOf(lambda, { hang: true });
    await expect.poll(() => readLog()).toContain('here');
    const waiting = answerOf(lambda);
    await lambda.killContainers();
    expect(await hanging).toMatchObject({ errorType: 'Runtime.ExitError' });
    expect(await waiting).toBe(1);
  });

  test('writes what a function prints to its log, with the lines of Lambda itself, and bills every byte and millisecond', async () => {
    const lambda = await lambdaOf(
      'export const handler = async () => { console.log("hello"); console.error("there"); }',
      { way },
    );
    expect(await answerOf(lambda)).toBeNull();
    await expect.poll(readLog).toMatch(/there/);
    await expect.poll(readLog).toMatch(/hello/);
    await expect
      .poll(readLog)
      .toMatch(/START RequestId: .*\nEND RequestId: .*\nREPORT RequestId: .*Memory Size: 512 MB/);
    const { units, functions } = meter.read();
    await expect.poll(() => Buffer.byteLength(readLog())).toBe(units['logs.byte']);
    const billed = functions['stack-Subject']?.billedMilliseconds ?? 0;
    expect(units['lambda.request']).toBe(1);
    expect(units['lambda.gbSecond']).toBeCloseTo(billed / 2000);
    expect(Number.isInteger(billed)).toBe(true);
  });
});

test('meters the most memory that a process has had, given back or not, and none of who started it', async () => {
  const mine = Buffer.alloc(300_000_000, 1);
  const lambda = await lambdaOf('export const handler = async (event) => { Buffer.alloc(event.bytes, 1); }', {
    way: inProcesses,
  });
  const peakAfter = async (bytes: number) => {
    await lambda.invoke(ARN, JSON.stringify({ bytes }));
    return meter.read().functions['stack-Subject']?.peakMemoryBytes ?? 0;
  };
  const bare = await peakAfter(1);
  expect(bare).toBeGreaterThan(20_000_000);
  expect(bare).toBeLessThan(mine.length);
  const large = await peakAfter(100_000_000);
  expect(large - bare).toBeGreaterThan(95_000_000);
  expect(await peakAfter(1)).toBeGreaterThanOrEqual(large);
});
