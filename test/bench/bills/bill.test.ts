import { expect, test } from 'vitest';
import { type Bill, countOf, priceOf, servicesOf, showBill } from '#bench/bills/bill.ts';
import { floorBill } from '#bench/bills/floor-bill.ts';

const bill: Bill = {
  design: 'a design',
  lines: [
    { unit: 'states.transition', count: 1000, what: 'rounds' },
    { unit: 'states.expressRequest', count: 1e6, what: 'children' },
    { unit: 'sqs.request', count: 1e6, what: 'messages' },
  ],
};

test('a bill adds up, by unit, by service, and line by line', () => {
  expect(priceOf(bill, 'us-east-1')).toBeCloseTo(0.025 + 1 + 0.4, 10);
  expect(priceOf(bill, 'ap-south-1')).toBeCloseTo(0.0285 + 1 + 0.4, 10);
  expect(countOf(bill, 'states.transition', 'sqs.request')).toBe(1_001_000);
  expect(servicesOf(bill, 'us-east-1').get('states')).toBeCloseTo(1.025, 10);
  expect(showBill(bill, 'us-east-1')).toContain('| states.transition | rounds | 1,000 | 0.00002500 | 0.02500 |');
});

test('the floor is that of the cost study, without its egress', () => {
  // 40 s of a processor, 20 transitions, 190 write units, 2 objects.
  const compute = 40 * (1769 / 1024) * 0.0000133334;
  expect(priceOf(floorBill(20_000), 'us-east-1')).toBeCloseTo(compute + 0.0005 + 0.00011875 + 0.00001, 9);
});
