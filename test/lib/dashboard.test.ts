import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { UPSTREAM_ERRORS } from '#lambdas/upstream/failures.ts';
import { LIST_PRICES } from '#lib/list-prices.ts';
import { rendered, synthesized } from './synthesized.ts';

const stack = synthesized();
const dashboards = stack.all('AWS::CloudWatch::Dashboard');

const metricSchema = z.array(z.unknown());
const widgetSchema = z.object({
  type: z.enum(['metric', 'text', 'alarm']),
  properties: z.looseObject({
    title: z.string().optional(),
    markdown: z.string().optional(),
    metrics: z.array(metricSchema).default([]),
    alarms: z.array(z.string()).default([]),
  }),
});
const bodySchema = z.object({ widgets: z.array(widgetSchema) });
const { widgets } = bodySchema.parse(JSON.parse(rendered(dashboards[0]?.properties['DashboardBody'])));

const titled = (title: string) =>
  widgets.find(({ properties }) => properties.title === title)?.properties.metrics ?? [];
const names = widgets.flatMap(({ properties }) => properties.metrics.map((metric) => `${metric[0]} ${metric[1]}`));
const optionsSchema = z.looseObject({ expression: z.string().optional(), id: z.string().optional() });
const expressions = widgets.flatMap(({ properties }) =>
  properties.metrics.flatMap(([only]) => optionsSchema.safeParse(only).data?.expression ?? []),
);

test('there is one, and it begins with every alarm and with whether batches move', () => {
  expect(dashboards.map(({ properties }) => properties['DashboardName'])).toEqual(['bulk-data-fetch-dev']);
  expect(widgets[0]?.properties.alarms).toHaveLength(stack.all('AWS::CloudWatch::Alarm').length);
  expect(widgets[1]?.properties.markdown).toContain('Are batches moving?');
});

describe('it shows', () => {
  test.each([
    ['batches open, accepted and finished', ['OpenBatches', 'BatchAccepted', 'BatchFinished']],
    ['rows by state', ['ReadyRows', 'RowsInProgress', 'RowCompleted', 'RowFailed']],
    ['time from acceptance to completion', ['BatchSeconds']],
    ['ages of batches and chunks', ['OldestBatchSeconds', 'OverdueChunkSeconds']],
    [
      'calls, their time and the polls',
      ['UpstreamCall', 'UpstreamMilliseconds', 'SlowestCallMilliseconds', 'UpstreamPoll'],
    ],
    ['errors by code', UPSTREAM_ERRORS.map((name) => `UpstreamError.${name}`)],
    ['the budget', ['BudgetUsedPercent', 'UpstreamRateLimited']],
    [
      'what stops calls',
      ['CircuitOpened', 'CircuitHalfOpen', 'UpstreamUnauthorized', 'UpstreamUnclassified', 'UpstreamMismatch'],
    ],
    ['what recovery does', ['ChunkRecovered', 'ChunkGivenUp', 'TaskUnsent', 'FileRejected']],
  ])('%s', (_, measures) => {
    for (const measure of measures) expect(names).toContain(`bulk-data-fetch/dev ${measure}`);
  });

  test.each([
    ['AWS/SQS', ['ApproximateNumberOfMessagesVisible', 'ApproximateAgeOfOldestMessage']],
    ['AWS/Lambda', ['Errors', 'Throttles', 'Duration']],
    ['AWS/ApiGateway', ['4XXError', '5XXError', 'Latency', 'Count']],
    ['AWS/States', ['ExecutionsFailed', 'ExecutionThrottled']],
    ['AWS/DynamoDB', ['ConsumedWriteCapacityUnits', 'WriteThrottleEvents']],
  ])('of %s: %j', (namespace, metrics) => {
    for (const metric of metrics) expect(names).toContain(`${namespace} ${metric}`);
  });

  test('every function', () => {
    for (const title of ['Errors', 'Throttles', 'Duration p95, ms']) {
      const shown = titled(title).map((metric) => metric[metric.indexOf('FunctionName') + 1]);
      expect(shown.sort()).toEqual([...stack.functions().values()].map(({ logicalId }) => `<${logicalId}>`).sort());
    }
  });

  test('every queue, and what has died in it', () => {
    const shown = [...titled('Oldest message, s'), ...titled('Dead letters (0 is healthy)')].map(
      (metric) => metric[metric.indexOf('QueueName') + 1],
    );
    expect(shown.sort()).toEqual(
      stack
        .all('AWS::SQS::Queue')
        .map(({ logicalId }) => `<${logicalId}.QueueName>`)
        .sort(),
    );
  });
});

test('no metric of the service has a dimension but the service', () => {
  const own = widgets
    .flatMap(({ properties }) => properties.metrics)
    .filter(([first]) => first === 'bulk-data-fetch/dev');
  expect(own.length).toBeGreaterThan(30);
  for (const [, , ...rest] of own) {
    expect(rest.filter((part) => typeof part === 'string')).toEqual(['service', 'bulk-data-fetch']);
  }
});

describe('the cost of a batch', () => {
  const cost = expressions.find((expression) => expression.includes('logbytes')) ?? '';

  test('is an expression of a length that CloudWatch takes, without exponents', () => {
    expect(cost.length).toBeLessThanOrEqual(2048);
    for (const expression of expressions) expect(expression).not.toMatch(/\d[eE][-+]?\d/);
  });

  test('counts transitions, functions by their memory, the table, messages, requests and log lines, at list prices', () => {
    const prices = LIST_PRICES['ap-south-1'];
    const priceOf = (id: string): number =>
      Number(new RegExp(`([\\d.]+)\\*SUM\\(\\[FILL\\(${id}x0,0\\)`).exec(cost)?.[1]);
    expect(priceOf('rounds')).toBeCloseTo(3 * prices['states.transition'].usd, 12);
    expect(priceOf('ends')).toBeCloseTo(prices['states.transition'].usd, 12);
    expect(priceOf('invocations')).toBeCloseTo(prices['lambda.request'].usd, 12);
    // Durations are milliseconds.
    expect(priceOf('duration1024')).toBeCloseTo(prices['lambda.gbSecond'].usd / 1000, 12);
    expect(priceOf('duration512')).toBeCloseTo(prices['lambda.gbSecond'].usd / 2000, 12);
    expect(priceOf('writes')).toBeCloseTo(prices['dynamodb.writeUnit'].usd, 12);
    expect(priceOf('requests')).toBeCloseTo(prices['apigateway.request'].usd, 12);
    expect(priceOf('logbytes')).toBeCloseTo(prices['logs.byte'].usd, 14);
  });

  test('uses every metric that it names, and names every one that it uses', () => {
    const ids = titled('AWS cost').flatMap((metric) => optionsSchema.safeParse(metric.at(-1)).data?.id ?? []);
    const used = new Set(expressions.flatMap((expression) => expression.match(/\b[a-z][a-z0-9]*\b(?!\()/g) ?? []));
    expect(ids.filter((id) => !used.has(id))).toEqual([]);
    for (const id of cost.match(/\b[a-z]+\d*x\d+\b/g) ?? []) expect(ids).toContain(id);
  });

  test('is priced for the region of the deployment where its prices are listed', () => {
    const headings = JSON.stringify(synthesized({ region: 'us-east-1' }).all('AWS::CloudWatch::Dashboard'));
    expect(headings).toContain('List prices of us-east-1');
  });
});
