import { type IMetric, MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { LIST_PRICES, type PricedRegion } from '#lib/list-prices.ts';
import type { ServiceFunction } from '#lib/service-function.ts';
import { CHUNK_LOOP, FUNCTIONS } from '#lib/topology.ts';
import { PERIOD, tableMetrics } from './metrics.ts';
import type { Monitored } from './monitored.ts';

/** A sum of metrics, and the price of one unit in US dollars. */
interface CostItem {
  readonly id: string;
  readonly metrics: readonly IMetric[];
  readonly usd: number;
}

/** The region whose prices apply: its own if they are listed, otherwise ap-south-1, the default region. */
export const priceRegionOf = (region: string): PricedRegion => (region === 'us-east-1' ? region : 'ap-south-1');

/**
 * What AWS charges for the work, in US dollars: CloudWatch's counts times list prices. An upper bound: a retry of a chunk's task counts as a whole round,
 * and each message as three requests, although they are sent ten at a time. Not included: S3, Secrets Manager, traces, storage, egress, and what is paid
 * per month whether or not there is work (alarms, metrics, the key, the firewall).
 */
function costItems(monitored: Monitored, region: string): readonly CostItem[] {
  const prices = LIST_PRICES[priceRegionOf(region)];
  const { apiFunctions, workers, queues, loop, restApi, storage } = monitored;
  const functions = [...apiFunctions, ...workers];
  const advances = functions.filter(({ name }) => name === CHUNK_LOOP.task);
  const options = { period: PERIOD, statistic: 'Sum' };
  const invocations = (some: readonly ServiceFunction[]) => some.map(({ lambda }) => lambda.metricInvocations(options));
  const memoryOf = ({ name }: ServiceFunction): number => FUNCTIONS[name].memory;
  const sizes = [...new Set(functions.map(memoryOf))];
  const read = tableMetrics(storage, 'ConsumedReadCapacityUnits');
  const written = tableMetrics(storage, 'ConsumedWriteCapacityUnits');
  const sent = queues.map(({ queue }) => queue.metricNumberOfMessagesSent(options));
  return [
    {
      id: 'rounds',
      metrics: invocations(advances),
      usd: CHUNK_LOOP.transitionsPerRound * prices['states.transition'].usd,
    },
    { id: 'ends', metrics: [loop.stateMachine.metricStarted(options)], usd: prices['states.transition'].usd },
    { id: 'invocations', metrics: invocations(functions), usd: prices['lambda.request'].usd },
    ...sizes.map((megabytes) => ({
      id: `duration${megabytes}`,
      metrics: functions
        .filter((one) => memoryOf(one) === megabytes)
        .map(({ lambda }) => lambda.metricDuration(options)),
      usd: (megabytes / 1024 / 1000) * prices['lambda.gbSecond'].usd,
    })),
    { id: 'reads', metrics: [read.table, read.index], usd: prices['dynamodb.readUnit'].usd },
    { id: 'writes', metrics: [written.table], usd: prices['dynamodb.writeUnit'].usd },
    { id: 'indexwrites', metrics: [written.index], usd: prices['dynamodb.indexWriteUnit'].usd },
    { id: 'messages', metrics: sent, usd: 3 * prices['sqs.request'].usd + prices['sqs.fairRequest'].usd },
    {
      id: 'idlepolls',
      metrics: queues.map(({ queue }) => queue.metricNumberOfEmptyReceives(options)),
      usd: prices['sqs.request'].usd,
    },
    { id: 'requests', metrics: [restApi.metricCount(options)], usd: prices['apigateway.request'].usd },
    {
      id: 'logbytes',
      metrics: functions.map(
        ({ logGroup }) =>
          new Metric({
            namespace: 'AWS/Logs',
            metricName: 'IncomingBytes',
            dimensionsMap: { LogGroupName: logGroup.logGroupName },
            ...options,
          }),
      ),
      usd: prices['logs.byte'].usd,
    },
  ];
}

/** A price as metric math accepts it: without an exponent. */
const decimal = (usd: number): string => usd.toFixed(14).replace(/0+$/, '');

/** The cost per batch, and per 10,000 rows, over the time range that the dashboard shows. */
export function batchCost(monitored: Monitored, region: string): MathExpression[] {
  const items = costItems(monitored, region);
  const { metrics } = monitored;
  const usingMetrics: Record<string, IMetric> = {};
  const terms = items.map(({ id, metrics: parts, usd }) => {
    const names = parts.map((part, index) => {
      usingMetrics[`${id}x${index}`] = part;
      return `FILL(${id}x${index},0)`;
    });
    return `${decimal(usd)}*SUM([${names.join()}])`;
  });
  const cost = new MathExpression({ expression: terms.join('+'), usingMetrics, period: PERIOD, label: 'US$' });
  const per = (id: string, count: IMetric, expression: string, label: string): MathExpression =>
    new MathExpression({ expression, usingMetrics: { cost, [id]: count }, period: PERIOD, label });
  const rows = new MathExpression({
    expression: 'FILL(completed, 0) + FILL(failed, 0)',
    usingMetrics: {
      completed: metrics.counter('RowCompleted', 'completed'),
      failed: metrics.counter('RowFailed', 'failed'),
    },
    period: PERIOD,
    label: 'rows ended',
  });
  const finished = metrics.counter('BatchFinished', 'finished');
  return [
    per('batches', finished, 'IF(batches > 0, cost / batches, 0)', 'per finished batch, US$'),
    per('rows', rows, 'IF(rows > 0, 10000 * cost / rows, 0)', 'per 10,000 rows, US$'),
  ];
}
