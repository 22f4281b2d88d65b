import { expect, test } from 'vitest';
import { pricePicture } from '#bench/documents/price-picture.ts';
import { figureOf } from '#bench/figure.ts';
import { recordWith } from '../records.ts';

const record = {
  ...recordWith([figureOf('group', 'AWS list price, us-east-1, no limit', 0.03, '$', { target: 0.04 })]),
  prices: [
    {
      design: 'no <limit> & more',
      lines: [
        { unit: 'states.transition', count: 800, what: '', usd: 0.02 },
        { unit: 'dynamodb.writeUnit', count: 1, what: '', usd: 0.004 },
        { unit: 'dynamodb.readUnit', count: 1, what: '', usd: 0.001 },
        { unit: 'sqs.request', count: 1, what: '', usd: 0.005 },
      ],
    },
  ],
};

test('bars are as long as the dollars of each service, with their sum and the target beside them', () => {
  const svg = pricePicture(record);
  const [transitions, lambda, table, rest] = [...svg.matchAll(/width="([\d.]+)" height="24"/g)].map(([, width]) =>
    Number(width),
  );
  expect(lambda).toBe(0);
  expect((table ?? 0) / (transitions ?? 0)).toBeCloseTo(0.25, 2);
  expect((rest ?? 0) / (transitions ?? 0)).toBeCloseTo(0.25, 2);
  expect(svg).toContain('$0.0300');
  // The target is twice as far as the transitions reach.
  const [, target] = /<line x1="([\d.]+)"/.exec(svg) ?? [];
  expect((Number(target) - 250) / (transitions ?? 0)).toBeCloseTo(2, 2);
});

test("labels can't break the picture", () => {
  expect(pricePicture(record)).toContain('no &lt;limit&gt; &amp; more');
});
