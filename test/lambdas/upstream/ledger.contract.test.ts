import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSettings } from '#lambdas/platform/settings.ts';
import { dynamoDbLedgers } from '#lambdas/upstream/ledger.dynamodb.ts';
import type { LedgerChange, LedgerStore } from '#lambdas/upstream/ledger.ts';
import { memoryLedgers } from '#test/world/ledgers.ts';
import { type LocalTable, localTable } from '#test/world/local-table.ts';

const settings = readSettings({});
const NEW = {
  epoch: 0,
  anchor: 0,
  length: 60_000,
  limit: 1000,
  used: new Map(),
  blockedUntil: 0,
  circuitOpenUntil: null,
  failures: 0,
};

let table: LocalTable;
let organisations = 0;
beforeAll(async () => {
  table = await localTable();
});
afterAll(() => table.close());

const STORES = {
  memory: (): LedgerStore => memoryLedgers(settings),
  DynamoDB: (): LedgerStore => dynamoDbLedgers(table, table, settings),
};
const aNewOrganisation = (): string => {
  organisations += 1;
  return `org-${organisations}`;
};

const take = (
  tokens: number,
  capacity: number,
  change: Partial<LedgerChange & { kind: 'take' }> = {},
): LedgerChange => ({
  kind: 'take',
  tokens,
  capacities: new Map([[60_000, capacity]]),
  gone: [],
  epoch: 0,
  blockedUntil: 0,
  ...change,
});
const newEpoch = { kind: 'new-epoch', epoch: 0, anchor: 5, length: 30_000, limit: 50, blockedUntil: 90_000 } as const;

describe.each(Object.entries(STORES))('a ledger in %s', (_, open) => {
  /** Applies changes one after the other; whether each took place, and the ledger that is left. */
  const played = async (...changes: readonly LedgerChange[]) => {
    const ledgers = open();
    const organisationId = aNewOrganisation();
    await ledgers.read(organisationId);
    const held: boolean[] = [];
    for (const change of changes) {
      const left = await ledgers.apply(organisationId, change);
      held.push(left !== null);
      if (left) expect(await ledgers.read(organisationId)).toEqual(left);
    }
    return { held, left: await ledgers.read(organisationId) };
  };

  test('of an organisation that has never called follows the settings', async () => {
    expect((await played()).left).toEqual(NEW);
  });

  test.each<[string, readonly LedgerChange[], readonly boolean[], object]>([
    [
      'takes tokens while there is room',
      [take(60, 100), take(40, 100), take(1, 100)],
      [true, true, false],
      { used: new Map([[60_000, 100]]) },
    ],
    [
      'takes tokens in both of two windows or in none',
      [
        take(5, 5),
        take(1, 0, {
          capacities: new Map([
            [60_000, 5],
            [120_000, 5],
          ]),
        }),
        take(1, 0, {
          capacities: new Map([
            [60_000, 6],
            [120_000, 5],
          ]),
        }),
      ],
      [true, false, true],
      {
        used: new Map([
          [60_000, 6],
          [120_000, 1],
        ]),
      },
    ],
    [
      'forgets windows gone by when it takes',
      [take(5, 5), take(1, 5, { capacities: new Map([[180_000, 5]]), gone: [60_000, 7] })],
      [true, true],
      { used: new Map([[180_000, 1]]) },
    ],
    [
      'takes nothing by an older view',
      [take(1, 5, { epoch: 1 }), take(1, 5, { blockedUntil: 1 })],
      [false, false],
      NEW,
    ],
    [
      'takes tokens back, as many as were taken',
      [
        take(5, 5),
        { kind: 'release', window: 60_000, tokens: 3, epoch: 0 },
        { kind: 'release', window: 60_000, tokens: 3, epoch: 0 },
      ],
      [true, true, false],
      { used: new Map([[60_000, 2]]) },
    ],
    [
      'takes nothing back of a window that nobody took of, or of another epoch',
      [
        { kind: 'release', window: 1, tokens: 0, epoch: 0 },
        take(5, 5),
        { kind: 'release', window: 60_000, tokens: 1, epoch: 1 },
      ],
      [false, true, false],
      { used: new Map([[60_000, 5]]) },
    ],
    [
      'counts the calls of others where they are more',
      [
        { kind: 'count-others', window: 60_000, tokens: 7 },
        take(5, 5),
        { kind: 'count-others', window: 60_000, tokens: 5 },
        { kind: 'count-others', window: 60_000, tokens: 7 },
      ],
      [false, true, false, true],
      { used: new Map([[60_000, 7]]) },
    ],
    [
      'raises its limit in its epoch',
      [
        { kind: 'raise-limit', limit: 2000, epoch: 1 },
        { kind: 'raise-limit', limit: 3000, epoch: 0 },
      ],
      [false, true],
      { limit: 3000 },
    ],
    [
      'starts a new epoch once, without what was taken',
      [take(5, 5), newEpoch, newEpoch],
      [true, true, false],
      { epoch: 1, anchor: 5, length: 30_000, limit: 50, blockedUntil: 90_000, used: new Map() },
    ],
    [
      'is blocked for longer, never for shorter',
      [
        { kind: 'block', until: 9 },
        { kind: 'block', until: 9 },
        { kind: 'block', until: 10 },
      ],
      [true, false, true],
      { blockedUntil: 10 },
    ],
    [
      'opens its circuit once, and forgets the failures',
      [
        { kind: 'count-failures', weight: 4, afterAnswer: false },
        { kind: 'open-circuit', until: 9 },
        { kind: 'open-circuit', until: 10 },
      ],
      [true, true, false],
      { circuitOpenUntil: 9, failures: 0 },
    ],
    [
      'extends an open circuit, and no closed one',
      [
        { kind: 'extend-circuit', until: 9 },
        { kind: 'open-circuit', until: 9 },
        { kind: 'extend-circuit', until: 9 },
        { kind: 'extend-circuit', until: 10 },
      ],
      [false, true, false, true],
      { circuitOpenUntil: 10 },
    ],
    [
      'lets one worker try an open circuit',
      [
        { kind: 'half-open-circuit', seen: 9, until: 20 },
        { kind: 'open-circuit', until: 9 },
        { kind: 'half-open-circuit', seen: 9, until: 20 },
        { kind: 'half-open-circuit', seen: 9, until: 30 },
      ],
      [false, true, true, false],
      { circuitOpenUntil: 20 },
    ],
    [
      'closes its circuit',
      [{ kind: 'open-circuit', until: 9 }, { kind: 'close-circuit' }, { kind: 'close-circuit' }],
      [true, true, true],
      { circuitOpenUntil: null },
    ],
    [
      'counts failures, from an answer on anew',
      [
        { kind: 'count-failures', weight: 4, afterAnswer: false },
        { kind: 'count-failures', weight: 3, afterAnswer: false },
        { kind: 'count-failures', weight: 2, afterAnswer: true },
      ],
      [true, true, true],
      { failures: 2 },
    ],
  ])('%s', async (_name, changes, held, left) => {
    expect(await played(...changes)).toEqual({ held, left: { ...NEW, ...left } });
  });
});

/** Changes that meet each other often: few windows, few times, few epochs. */
const small = fc.integer({ min: 0, max: 4 });
const window = small.map((number) => number * 60_000);
const change: fc.Arbitrary<LedgerChange> = fc.oneof(
  fc.record({
    kind: fc.constant('take'),
    tokens: small,
    capacities: fc
      .dictionary(window.map(String), fc.integer({ min: 0, max: 8 }), { minKeys: 1, maxKeys: 2 })
      .map((capacities) => new Map(Object.entries(capacities).map(([start, room]) => [Number(start), room]))),
    gone: fc.constantFrom([], [600_000], [660_000, 720_000]),
    epoch: fc.integer({ min: 0, max: 1 }),
    blockedUntil: fc.constantFrom(0, 0, 0, 1),
  }),
  fc.record({ kind: fc.constant('release'), window, tokens: small, epoch: fc.integer({ min: 0, max: 1 }) }),
  fc.record({ kind: fc.constant('count-others'), window, tokens: small }),
  fc.record({ kind: fc.constant('raise-limit'), limit: small, epoch: fc.integer({ min: 0, max: 1 }) }),
  fc.record({
    kind: fc.constant('new-epoch'),
    epoch: fc.integer({ min: 0, max: 1 }),
    anchor: small,
    length: small,
    limit: small,
    blockedUntil: fc.constantFrom(0, 1),
  }),
  fc.record({ kind: fc.constant('block'), until: fc.integer({ min: 0, max: 1 }) }),
  fc.record({ kind: fc.constant('open-circuit'), until: small }),
  fc.record({ kind: fc.constant('extend-circuit'), until: small }),
  fc.record({ kind: fc.constant('half-open-circuit'), seen: small, until: small }),
  fc.constant({ kind: 'close-circuit' } as const),
  fc.record({ kind: fc.constant('count-failures'), weight: small, afterAnswer: fc.boolean() }),
);

test('both stores do the same with any changes in any order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(change, { maxLength: 12 }), async (changes) => {
      const organisationId = aNewOrganisation();
      const stores = [STORES.memory(), STORES.DynamoDB()];
      await Promise.all(stores.map((store) => store.read(organisationId)));
      for (const each of changes) {
        const [memory, dynamo] = await Promise.all(stores.map((store) => store.apply(organisationId, each)));
        expect(dynamo, JSON.stringify(each)).toEqual(memory);
      }
      const [memory, dynamo] = await Promise.all(stores.map((store) => store.read(organisationId)));
      expect(dynamo).toEqual(memory);
    }),
    { numRuns: 150 },
  );
});
