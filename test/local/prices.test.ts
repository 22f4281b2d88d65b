import { expect, test } from 'vitest';
import { Meter } from '#local/meter.ts';
import { listPrice } from '#local/prices.ts';

test('adds up what a million of things cost, by service', () => {
  const meter = new Meter();
  meter.add('dynamodb.writeUnit', 1e6);
  meter.add('dynamodb.indexWriteUnit', 1e6);
  meter.add('dynamodb.readUnit', 1e6);
  meter.add('states.transition', 1e6);
  const bill = listPrice(meter.read(), 'us-east-1');
  expect(bill.services['dynamodb']).toBeCloseTo(0.625 * 2 + 0.125);
  expect(bill.services['states']).toBeCloseTo(25);
  expect(bill.total).toBeCloseTo(26.375);
  expect(listPrice(meter.read(), 'ap-south-1').services['states']).toBeCloseTo(28.5);
});

test('nothing costs nothing', () => {
  expect(listPrice(new Meter().read(), 'us-east-1').total).toBe(0);
});
