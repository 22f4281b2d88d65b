import type { MeterReading } from '../local/meter.ts';
import { listPrice } from '../local/prices.ts';
import type { CloudBatch } from './cloud-batch.ts';
import { type Figure, known } from './figure.ts';
import type { PublishedPeer } from './peers/published.ts';
import type { RowExecutions } from './peers/row-executions.ts';

const GROUP = 'A batch on the local cloud';
const ONE_A_ROW = 'one execution a row';

/** What a batch of 10,000 rows at 1,000 calls a minute costs on the local cloud, beside what other designs would. */
export function batchFigures(
  batch: CloudBatch,
  withBalances: CloudBatch,
  rows: number,
  peer: RowExecutions,
  published: readonly PublishedPeer[],
): Figure[] {
  const { units } = batch.reading;
  const price = (region: 'us-east-1' | 'ap-south-1', target: number, others: readonly PublishedPeer[]): Figure => ({
    group: GROUP,
    name: `AWS list price, ${region}`,
    value: listPrice({ units }, region).total,
    unit: '$',
    target,
    peers: {
      [ONE_A_ROW]: listPrice({ units: peer.units }, region).total,
      ...Object.fromEntries(others.map(({ name, total }) => [name, total])),
    },
    floor: 0.0037,
  });
  const services = listPrice({ units }, 'us-east-1').services;
  const peerServices = listPrice({ units: peer.units }, 'us-east-1').services;
  return [
    price('us-east-1', 0.025, published),
    price('ap-south-1', 0.03, []),
    ...Object.entries(services).map(([service, usd]) => ({
      ...known(GROUP, `of it ${service}, us-east-1`, usd, '$'),
      peers: { [ONE_A_ROW]: peerServices[service] ?? 0 },
    })),
    {
      ...known(
        GROUP,
        'AWS list price with balances, us-east-1',
        listPrice(withBalances.reading, 'us-east-1').total,
        '$',
      ),
    },
    {
      ...known(GROUP, 'Step Functions transitions, as measured', units['states.transition'], ''),
      target: 800,
      peers: { [ONE_A_ROW]: peer.units['states.transition'] },
      floor: 20,
    },
    { ...known(GROUP, 'DynamoDB write units, as measured', writesOf(batch.reading), ''), target: 2500, floor: 190 },
    { ...known(GROUP, 'upstream calls a row, as measured', callsOf(batch) / rows, ''), target: 2.35, floor: 2 },
    {
      ...known(GROUP, 'upstream calls a row, with balances', callsOf(withBalances) / rows, ''),
      target: 3.35,
      floor: 3,
    },
    {
      ...known(GROUP, 'makespan over the floor, as measured', (batch.minutes * 500) / rows, 'times'),
      target: 1.3,
      floor: 1,
    },
    {
      ...known(GROUP, 'makespan with balances, as measured', (withBalances.minutes * 1000) / 3 / rows, 'times'),
      target: 1.3,
      floor: 1,
    },
    { ...known(GROUP, 'windows over the limit', batch.upstream.windowsOverLimit, ''), target: 0 },
    ...memoryFigures(withBalances.reading),
  ];
}

const writesOf = ({ units }: MeterReading): number => units['dynamodb.writeUnit'] + units['dynamodb.indexWriteUnit'];

const callsOf = ({ upstream: { fiRequests, statusCalls, balanceCalls } }: CloudBatch): number =>
  fiRequests + statusCalls + balanceCalls;

/** What each function's heap and buffers grew to, beside some 60 MB that Node itself takes. */
export const memoryFigures = ({ functions }: MeterReading): Figure[] =>
  Object.entries(functions)
    .filter(([, { peakMemoryBytes }]) => peakMemoryBytes > 0)
    .map(([name, { peakMemoryBytes }]) =>
      known('Functions', `${name}: peak of heap and buffers`, peakMemoryBytes / 1024 ** 2, 'MB'),
    );
