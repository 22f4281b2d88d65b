import { expect, test } from 'vitest';
import { type Bill, billRows, countOf, priced, priceOf } from '#bench/bills/bill.ts';
import { floorBill } from '#bench/bills/floor-bill.ts';

const bill: Bill = {
  design: 'a design',
  lines: [
    { unit: 'states.transition', count: 1000, what: 'rounds' },
    { unit: 'dynamodb.writeUnit', count: 1e6, what: 'writes' },
    { unit: 'sqs.request', count: 1e6, what: 'messages' },
  ],
};

test('a bill adds up, by unit and line by line', () => {
  expect(priceOf(bill, 'us-east-1')).toBeCloseTo(0.025 + 0.625 + 0.4, 10);
  expect(priceOf(bill, 'ap-south-1')).toBeGreaterThan(priceOf(bill, 'us-east-1'));
  expect(countOf(bill, 'states.transition', 'sqs.request')).toBe(1_001_000);
  expect(billRows(priced(bill, 'us-east-1'))).toContainEqual(['states.transition', 'rounds', '1,000', '0.02500']);
});

test('the floor is 20 transitions, 190 write units, 2 objects and the processor time of the calls', () => {
  const compute = 40 * (1769 / 1024) * 0.0000133334;
  expect(priceOf(floorBill(20_000), 'us-east-1')).toBeCloseTo(compute + 0.0005 + 0.00011875 + 0.00001, 9);
});
