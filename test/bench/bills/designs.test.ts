import { expect, test } from 'vitest';
import { countOf, priceOf } from '#bench/bills/bill.ts';
import { executionBill } from '#bench/bills/execution-bill.ts';
import { productBill } from '#bench/bills/product-bill.ts';
import { runRowExecutions } from '#bench/counted/row-executions.ts';
import type { VirtualBatch } from '#bench/counted/virtual-batch.ts';
import { demoConsents } from '#cli/demo-consents.ts';

const FUNCTIONS = new Map([
  ['schedule-batch', { memoryMegabytes: 1024 }],
  ['start-chunk', { memoryMegabytes: 512 }],
  ['advance-chunk', { memoryMegabytes: 512 }],
  ['recover-batches', { memoryMegabytes: 512 }],
]);

const work = (invocations: number, milliseconds: number, mostAtOnce: number) => ({
  invocations,
  milliseconds,
  mostAtOnce,
});

const batch: VirtualBatch = {
  makespan: 0,
  units: { write: 1000, indexWrite: 0, read: 2000 },
  transitions: 100,
  functions: {
    'schedule-batch': work(1, 1000, 1),
    'start-chunk': work(4, 4000, 2),
    'advance-chunk': work(20, 20_000, 3),
    'recover-batches': work(5, 1000, 1),
  },
  messages: { sends: 1, deliveries: 4 },
  statusPageUnits: 9,
  upstream: { fiRequests: 1000, statusCalls: 1000, balanceCalls: 0, rejected429: 0, windowsOverLimit: 0 },
  delays: [],
};

test('this design is billed for its units, for waiting, for the processor and for new containers', () => {
  const bill = productBill('this design', batch, { functions: FUNCTIONS, logBytes: 500 });
  expect(countOf(bill, 'states.transition')).toBe(100);
  expect(countOf(bill, 'lambda.request')).toBe(30);
  expect(countOf(bill, 'sqs.request')).toBe(1 + 2 * 4);
  expect(countOf(bill, 'secretsmanager.request')).toBe(5);
  expect(countOf(bill, 'logs.byte')).toBe(15_000);
  // A second of a GB and 25 of half of one; 2,000 calls and 5 containers of half a GB; loading, of one GB and of six halves.
  const gigabyteSeconds = 1 + 25 / 2 + (2 + 5 * 0.75) / 2 + 0.15 * (1 + 6 / 2);
  expect(countOf(bill, 'lambda.gbSecond')).toBeCloseTo(gigabyteSeconds, 9);
  const dollars =
    100 * 0.000025 +
    1000 * 0.625e-6 +
    2000 * 0.125e-6 +
    30 * 0.2e-6 +
    gigabyteSeconds * 0.0000133334 +
    9 * 0.4e-6 +
    0.1e-6 +
    5 * 5e-6 +
    3.5e-6 +
    15_000 * 0.5e-9;
  expect(priceOf(bill, 'us-east-1')).toBeCloseTo(dollars, 9);
});

test('a function that the stack does not have cannot be billed', () => {
  expect(() => productBill('this design', batch, { functions: new Map(), logBytes: 0 })).toThrow('has no function');
});

test('one execution per row is billed nine write units a row, and one more per call for its limiter', async () => {
  const consents = demoConsents(500).map(({ consentId }) => consentId);
  const limited = await runRowExecutions(consents, { limit: 100, balances: false });
  const bill = executionBill('peer', 500, limited);
  expect(countOf(bill, 'dynamodb.writeUnit')).toBe(9 * 500 + limited.calls);
  expect(countOf(bill, 'states.transition')).toBe(limited.transitions);
  expect(countOf(bill, 'lambda.gbSecond')).toBeCloseTo(limited.functionTime / 1000 / 4, 9);
  const free = await runRowExecutions(consents, { limit: null, balances: false });
  expect(countOf(executionBill('peer', 500, free), 'dynamodb.writeUnit')).toBe(9 * 500);
});
