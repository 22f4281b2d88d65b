import '#test/world/production-telemetry.ts';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type CapturedOutput, captureOutput, invocation } from '#test/world/captured-output.ts';

let telemetry: typeof import('#lambdas/platform/telemetry.ts');
let output: CapturedOutput;
beforeAll(async () => {
  telemetry = await import('#lambdas/platform/telemetry.ts');
});
beforeEach(() => {
  output = captureOutput();
});
afterEach(() => output.release());

const objects = (): Record<string, unknown>[] =>
  output.lines.map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)));

/** Runs a function that journals, and gives back what it wrote. */
async function written(run: () => void): Promise<Record<string, unknown>[]> {
  const handler = telemetry.instrumented(async () => run());
  await handler({}, invocation('advance-chunk'));
  return objects();
}

describe('metrics', () => {
  test('are one line an invocation, however much was counted', async () => {
    const lines = await written(() => {
      for (let call = 0; call < 250; call += 1) telemetry.powertoolsTelemetry.count('UpstreamPoll');
      telemetry.powertoolsTelemetry.count('RowCompleted', 200);
      telemetry.powertoolsTelemetry.count('RowCompleted', 50);
      telemetry.powertoolsTelemetry.count('RowFailed', 0);
      telemetry.powertoolsTelemetry.gauge('BudgetUsedPercent', 12.5);
    });
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ UpstreamPoll: 250, RowCompleted: 250, BudgetUsedPercent: 12.5 });
    expect(lines[0]).not.toHaveProperty('RowFailed');
  });

  test('have the service as their only dimension, and each its unit', async () => {
    const [line] = await written(() => {
      telemetry.powertoolsTelemetry.count('UpstreamError.ConsentRevoked');
      telemetry.powertoolsTelemetry.gauge('BatchSeconds', 90);
      telemetry.powertoolsTelemetry.gauge('UpstreamMilliseconds', 1200);
      telemetry.powertoolsTelemetry.gauge('OpenBatches', 0);
    });
    expect(line?.['service']).toBe('bulk-data-fetch');
    expect(line?.['_aws']).toMatchObject({
      CloudWatchMetrics: [
        {
          Namespace: 'bulk-data-fetch/test',
          Dimensions: [['service']],
          Metrics: [
            { Name: 'BatchSeconds', Unit: 'Seconds' },
            { Name: 'UpstreamMilliseconds', Unit: 'Milliseconds' },
            { Name: 'OpenBatches', Unit: 'Count' },
            { Name: 'UpstreamError.ConsentRevoked', Unit: 'Count' },
          ],
        },
      ],
    });
  });

  test('of an invocation that counted nothing are no line', async () => {
    expect(await written(() => {})).toEqual([]);
  });

  test('go out, too, when the function throws, and not again with the next', async () => {
    const failing = telemetry.instrumented(async () => {
      telemetry.powertoolsTelemetry.count('ChunkRecovered', 3);
      throw new Error('lost');
    });
    await expect(failing({}, invocation('recover-batches'))).rejects.toThrow('lost');
    expect(objects()).toEqual([expect.objectContaining({ ChunkRecovered: 3 })]);
    await written(() => {});
    expect(objects()).toHaveLength(1);
  });
});

describe('a log line', () => {
  test('has the fields that say what happened to what, and no other', async () => {
    const [line] = await written(() => {
      telemetry.logger.appendKeys({
        txnid: 't',
        batchId: 'b',
        chunk: 3,
        organisationId: 'lender',
        vua: 'someone@finvu',
      });
      telemetry.logger.info('answered', { status: 200, body: { accounts: [] }, headers: { client_secret: 'hush' } });
    });
    expect(line).toEqual({
      level: 'INFO',
      message: 'answered',
      timestamp: expect.stringMatching(/Z$/),
      function: 'advance-chunk',
      requestId: invocation('any').awsRequestId,
      txnid: 't',
      batchId: 'b',
      chunk: 3,
      organisationId: 'lender',
      status: 200,
    });
  });

  test('holds scalars in the fields that are allowed, and no objects', async () => {
    const [line] = await written(() =>
      telemetry.logger.info('x', { batchId: { client_secret: 'hush' }, txnid: ['hush'], chunk: 1 }),
    );
    expect(line).not.toHaveProperty('batchId');
    expect(line).not.toHaveProperty('txnid');
    expect(line?.['chunk']).toBe(1);
  });

  test('has name, text and frames of an error and of its cause, but not what they carry about', async () => {
    const cause = Object.assign(new TypeError('the cause'), { Item: { currentBalance: '1024.50' } });
    const error = Object.assign(new Error('it failed', { cause }), { $response: { body: 'XXXXXXXX1234' } });
    const [line] = await written(() => telemetry.logger.error('the request failed', { error }));
    expect(line?.['error']).toEqual({
      name: 'Error',
      message: 'it failed',
      stack: expect.stringMatching(/^\s+at /),
      cause: { name: 'TypeError', message: 'the cause', stack: expect.stringMatching(/^\s+at /) },
    });
  });

  test('does not quote what could not be parsed', async () => {
    const long = '1, '.repeat(50);
    const texts = ['XXXXXXXX1234', '{"vua": someone@finvu}', 'line\n"XXXXXXXX1234"', `[${long}XXXXXXXX1234, ${long}2]`];
    const lines = await written(() => {
      for (const text of texts) {
        try {
          JSON.parse(text);
        } catch (error) {
          telemetry.logger.error('the request failed', { error: error instanceof Error ? error : String(error) });
          telemetry.powertoolsTelemetry.warn('could not be read', { error: String(error) });
        }
      }
    });
    expect(lines).toHaveLength(2 * texts.length);
    for (const line of output.lines) expect(line).not.toMatch(/XXXX|finvu/);
  });

  test('leaves out a quote of any length in one look at it', async () => {
    const before = '"'.repeat(50_000);
    const lines = await written(() => {
      telemetry.powertoolsTelemetry.warn('could not be read', { error: `${before} is not valid JSON, says who` });
      telemetry.powertoolsTelemetry.warn('could not be read', { error: `SyntaxError: ..."${before}x` });
    });
    expect(lines.map((line) => line['error'])).toEqual([
      'not valid JSON, says who',
      expect.stringMatching(/^SyntaxError/),
    ]);
  });

  test('is cut where it gets long, and causes end somewhere', async () => {
    let error = new Error('a'.repeat(9_000));
    for (let depth = 0; depth < 20; depth += 1) error = new Error('b'.repeat(9_000), { cause: error });
    await written(() => telemetry.logger.error('the request failed', { error }));
    expect(output.lines[0]?.length).toBeLessThan(20_000);
  });
});
