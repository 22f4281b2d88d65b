import { expect, test } from 'vitest';
import { runLimitedExecutions } from '../../bench/peers/virtual-executions.ts';
import { runVirtualBatch } from '../../bench/virtual/virtual-batch.ts';
import { demoConsents } from '../../cli/demo-consents.ts';
import type { Assembly } from '../../local/template/assembly.ts';

/** The stack's one table, as `lib/storage.ts` has it. */
const ASSEMBLY: Assembly = {
  directory: '',
  stackName: 'stack',
  region: 'ap-south-1',
  assetFolders: new Map(),
  template: {
    Parameters: {},
    Mappings: {},
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
});

test('counts six rounds of three transitions and one end a chunk that no limit holds up', async () => {
  const { transitions, invocations } = await run([consents], null);
  expect(transitions).toBe(3 * (6 * 3 + 1));
  expect(invocations).toBe(3 * (1 + 6));
});

test('batches at once cost no more each than one alone', async () => {
  const alone = await run([consents.slice(0, 250)], null);
  const three = await run([consents.slice(0, 250), consents.slice(250, 500), consents.slice(500)], null);
  expect(three.upstream.fiRequests).toBe(750);
  expect(three.units['dynamodb.writeUnit']).toBeLessThan(3.3 * alone.units['dynamodb.writeUnit']);
});

test('one execution a row takes two transitions and three a poll, and one more for each 429', async () => {
  const free = await runLimitedExecutions(consents, null);
  expect(free.calls).toBe(free.answered);
  expect(free.transitions).toBe(750 * 2 + 3 * (free.answered - 750));
  const limited = await runLimitedExecutions(consents, 100);
  expect(limited.transitions).toBe(750 * 2 + 3 * (limited.answered - 750) + limited.calls - limited.answered);
  expect(limited.makespan).toBeGreaterThan(free.makespan);
});
