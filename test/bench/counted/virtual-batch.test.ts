import { expect, test } from 'vitest';
import { runVirtualBatch } from '#bench/counted/virtual-batch.ts';
import { demoConsents } from '#cli/demo-consents.ts';
import type { Assembly } from '#local/template/assembly.ts';

/** The stack's one table, as `lib/storage.ts` has it. */
const ASSEMBLY: Assembly = {
  directory: '',
  stackName: 'stack',
  region: 'ap-south-1',
  assetFolders: new Map(),
  template: {
    Parameters: {},
    Resources: {
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: ['pk', 'sk', 'openBatches', 'acceptedAt'].map((AttributeName) => ({
            AttributeName,
            AttributeType: 'S',
          })),
          KeySchema: [
            { AttributeName: 'pk', KeyType: 'HASH' },
            { AttributeName: 'sk', KeyType: 'RANGE' },
          ],
          GlobalSecondaryIndexes: [
            {
              IndexName: 'open-batches',
              KeySchema: [
                { AttributeName: 'openBatches', KeyType: 'HASH' },
                { AttributeName: 'acceptedAt', KeyType: 'RANGE' },
              ],
              Projection: { ProjectionType: 'KEYS_ONLY' },
            },
          ],
        },
      },
    },
  },
};

const consents = demoConsents(750).map(({ consentId }) => consentId);
const run = (batches: readonly (readonly string[])[], limit: number | null) =>
  runVirtualBatch({ assembly: ASSEMBLY, batches, balances: false, limit, intoWindow: 10_000 });

test('counts the same in every run, whatever the machine does', async () => {
  const [first, second] = [await run([consents], 1000), await run([consents], 1000)];
  expect(second).toEqual(first);
  expect(first.upstream).toMatchObject({ fiRequests: 750, rejected429: 0, windowsOverLimit: 0 });
  expect(first.delays).toHaveLength(750);
  expect(Math.min(...first.delays)).toBeGreaterThanOrEqual(0);
  // The batch, three states of up to 2 KB, and the two items of the chunk that the page is from.
  expect(first.statusPageUnits).toBeGreaterThan(2);
  expect(first.statusPageUnits).toBeLessThan(10);
});

test('counts six rounds of three transitions and one end a chunk that no limit holds up', async () => {
  const { transitions, functions, messages } = await run([consents], null);
  expect(transitions).toBe(3 * (6 * 3 + 1));
  expect(functions['start-chunk']).toMatchObject({ invocations: 3, mostAtOnce: 3 });
  expect(functions['advance-chunk'].invocations).toBe(3 * 6);
  expect(messages).toEqual({ sends: 1, deliveries: 3 });
});

test('batches at once cost no more each than one alone', async () => {
  const alone = await run([consents.slice(0, 250)], null);
  const three = await run([consents.slice(0, 250), consents.slice(250, 500), consents.slice(500)], null);
  expect(three.upstream.fiRequests).toBe(750);
  expect(three.units['dynamodb.writeUnit']).toBeLessThan(3.3 * alone.units['dynamodb.writeUnit']);
});

test('waiting for FinPro is what a function is billed for', async () => {
  const { functions } = await run([consents.slice(0, 250)], null);
  // 250 FI requests of 250 ms, 25 at a time.
  const { milliseconds } = functions['start-chunk'];
  expect(milliseconds).toBeGreaterThan(2_500);
  expect(milliseconds).toBeLessThan(2_600);
});
