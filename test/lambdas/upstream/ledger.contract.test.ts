import { PutCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ledgerKey } from '#lambdas/platform/keys.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { dynamoDbLedgers } from '#lambdas/upstream/ledger.dynamodb.ts';
import { type Anchor, ENDPOINTS, type LedgerChange, type LedgerStore } from '#lambdas/upstream/ledger.ts';
import { aLedger } from '#test/world/builders.ts';
import { memoryLedgers } from '#test/world/ledgers.ts';
import { type LocalTable, localTable } from '#test/world/local-table.ts';

const settings = readSettings({});
const NEW = aLedger();

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

type Take = LedgerChange & { readonly kind: 'take' };
const roomFor = (...capacities: readonly (readonly [number, number])[]): Take['room'] =>
  new Map(capacities.map(([window, capacity]) => [window, { capacity, others: 0 }]));
const take = (tokens: number, capacity: number, change: Partial<Take> = {}): LedgerChange => ({
  kind: 'take',
  tokens,
  room: roomFor([1, capacity]),
  gone: [],
  seen: NEW.anchor,
  epoch: 0,
  blockedUntil: 0,
  ...change,
});
const lowerLimit = { kind: 'lower-limit', endpoint: 'request', limit: 50, epoch: 0, window: 1, taken: 5 } as const;
const tellEnd = (window: number, endsAt: number, seen: Anchor): LedgerChange => ({
  kind: 'tell-end',
  window,
  endsAt,
  length: 30_000,
  seen,
});
const told = (window: number, endsAt: number): Anchor => ({ window, endsAt, isTold: true });

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
      { taken: new Map([[1, 100]]) },
    ],
    [
      'takes tokens in both of two windows or in none',
      [take(5, 5), take(1, 0, { room: roomFor([1, 5], [2, 5]) }), take(1, 0, { room: roomFor([1, 6], [2, 5]) })],
      [true, false, true],
      {
        taken: new Map([
          [1, 6],
          [2, 1],
        ]),
      },
    ],
    [
      'takes no tokens by an older view of the calls of others',
      [
        { kind: 'count-others', window: 1, calls: 4 },
        take(1, 5),
        take(1, 5, { room: new Map([[1, { capacity: 5, others: 4 }]]) }),
      ],
      [true, false, true],
      { taken: new Map([[1, 1]]), otherCalls: new Map([[1, 4]]) },
    ],
    [
      'forgets windows gone by when it takes',
      [
        take(5, 5),
        { kind: 'count-others', window: 1, calls: 4 },
        { kind: 'count-others', window: 2, calls: 4 },
        take(1, 5, { room: roomFor([3, 5]), gone: [1, 7] }),
      ],
      [true, true, true, true],
      { taken: new Map([[3, 1]]), otherCalls: new Map([[2, 4]]) },
    ],
    [
      'takes nothing by an older view',
      [take(1, 5, { epoch: 1 }), take(1, 5, { blockedUntil: 1 }), take(1, 5, { seen: told(0, 60_000) })],
      [false, false, false],
      NEW,
    ],
    [
      'takes tokens by the windows as they are now',
      [tellEnd(3, 9, NEW.anchor), take(1, 5), take(1, 5, { seen: told(3, 9) })],
      [true, false, true],
      { anchor: told(3, 9), length: 30_000, taken: new Map([[1, 1]]) },
    ],
    [
      'takes tokens back, as many as were taken',
      [
        take(5, 5),
        { kind: 'release', window: 1, tokens: 3, epoch: 0 },
        { kind: 'release', window: 1, tokens: 3, epoch: 0 },
        { kind: 'release', window: 1, tokens: 2, epoch: 0 },
      ],
      [true, true, false, true],
      { taken: new Map([[1, 0]]) },
    ],
    [
      'takes nothing back of a window that nobody took of, or of another epoch',
      [
        { kind: 'release', window: 1, tokens: 0, epoch: 0 },
        take(5, 5),
        { kind: 'release', window: 1, tokens: 1, epoch: 1 },
      ],
      [false, true, false],
      { taken: new Map([[1, 5]]) },
    ],
    [
      'counts the calls of others where they are more',
      [
        { kind: 'count-others', window: 1, calls: 7 },
        { kind: 'count-others', window: 1, calls: 7 },
        { kind: 'count-others', window: 1, calls: 8 },
      ],
      [true, false, true],
      { otherCalls: new Map([[1, 8]]) },
    ],
    [
      'believes the end of a window, seen from the ledger as it is',
      [tellEnd(3, 9, told(0, 1)), tellEnd(3, 9, NEW.anchor), tellEnd(4, 20, NEW.anchor), tellEnd(4, 20, told(3, 9))],
      [false, true, false, true],
      { anchor: told(4, 20), length: 30_000 },
    ],
    [
      "has its endpoints' lowest limit, in its epoch",
      [
        { kind: 'tell-limit', endpoint: 'status', limit: 2000, epoch: 1 },
        { kind: 'tell-limit', endpoint: 'status', limit: 3000, epoch: 0 },
        { kind: 'tell-limit', endpoint: 'balance', limit: 2500, epoch: 0 },
      ],
      [false, true, true],
      {
        limit: 2500,
        limits: new Map([
          ['status', 3000],
          ['balance', 2500],
        ]),
      },
    ],
    [
      'starts a new epoch with a lower limit once, with what was taken of the present window only',
      [take(5, 5), take(4, 5, { room: roomFor([2, 5]) }), { ...lowerLimit, taken: 4 }, lowerLimit, lowerLimit],
      [true, true, false, true, false],
      { epoch: 1, limit: 50, limits: new Map([['request', 50]]), taken: new Map([[1, 5]]) },
    ],
    [
      'starts a new epoch with a lower limit where nothing was taken',
      [{ ...lowerLimit, taken: 0 }],
      [true],
      { epoch: 1, limit: 50, limits: new Map([['request', 50]]), taken: new Map([[1, 0]]) },
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
        { kind: 'open-circuit', until: 9, by: 'a' },
        { kind: 'open-circuit', until: 10, by: 'b' },
      ],
      [true, true, false],
      { circuitOpenUntil: 9, circuitBy: 'a', failures: 0 },
    ],
    [
      'extends an open circuit, and no closed one',
      [
        { kind: 'extend-circuit', until: 9 },
        { kind: 'open-circuit', until: 9, by: 'a' },
        { kind: 'extend-circuit', until: 9 },
        { kind: 'extend-circuit', until: 10 },
      ],
      [false, true, false, true],
      { circuitOpenUntil: 10 },
    ],
    [
      'lets one worker try an open circuit, with a token of the present window',
      [
        { kind: 'half-open-circuit', seen: 9, until: 20, window: 1, by: 'a' },
        { kind: 'open-circuit', until: 9, by: 'b' },
        { kind: 'half-open-circuit', seen: 9, until: 20, window: 1, by: 'c' },
        { kind: 'half-open-circuit', seen: 9, until: 30, window: 1, by: 'd' },
      ],
      [false, true, true, false],
      { circuitOpenUntil: 20, circuitBy: 'c', taken: new Map([[1, 1]]) },
    ],
    [
      'knows the write that opened its circuit or took the half-open call, until another one has changed it',
      [
        { kind: 'open-circuit', until: 9, by: 'a' },
        { kind: 'open-circuit', until: 9, by: 'a' },
        { kind: 'half-open-circuit', seen: 9, until: 20, window: 1, by: 'b' },
        { kind: 'half-open-circuit', seen: 9, until: 20, window: 1, by: 'b' },
        { kind: 'open-circuit', until: 9, by: 'a' },
        { kind: 'extend-circuit', until: 30 },
        { kind: 'half-open-circuit', seen: 9, until: 20, window: 1, by: 'b' },
      ],
      [true, true, true, true, false, true, false],
      { circuitOpenUntil: 30, taken: new Map([[1, 2]]) },
    ],
    [
      'closes its circuit, but none that is open for longer',
      [
        { kind: 'close-circuit', until: 9 },
        { kind: 'open-circuit', until: 9, by: 'a' },
        { kind: 'close-circuit', until: 9 },
        { kind: 'open-circuit', until: 20, by: 'b' },
        { kind: 'close-circuit', until: 19 },
      ],
      [false, true, true, true, false],
      { circuitOpenUntil: 20, circuitBy: 'b' },
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

test.each([{ format: 1 }, {}])('a ledger in DynamoDB of before windows had numbers, %j, goes on', async (format) => {
  const organisationId = aNewOrganisation();
  const before = { epoch: 0, limit: 500, used: {}, blockedUntil: 7, circuitOpenUntil: 9, failures: 3 };
  const Item = { ...ledgerKey(organisationId), ...format, ...before };
  await table.client.send(new PutCommand({ TableName: table.name, Item }));
  const ledgers = STORES.DynamoDB();
  const left = { epoch: 1, limit: 500, blockedUntil: 7, circuitOpenUntil: 9, failures: 3 };
  expect(await ledgers.read(organisationId)).toMatchObject(left);
  expect(await ledgers.apply(organisationId, take(5, 5, { epoch: 1, blockedUntil: 7 }))).toMatchObject({
    ...left,
    taken: new Map([[1, 5]]),
  });
});

/** Changes that meet each other often: few windows, few times, few epochs. */
const small = fc.integer({ min: 0, max: 4 });
const epoch = fc.integer({ min: 0, max: 1 });
const anchor = fc.record({ window: small, endsAt: small, isTold: fc.boolean() });
const endpoint = fc.constantFrom(...ENDPOINTS);
const by = fc.constantFrom('a', 'b', 'c');
const change: fc.Arbitrary<LedgerChange> = fc.oneof(
  fc.record({
    kind: fc.constant('take'),
    tokens: small,
    room: fc
      .dictionary(small.map(String), fc.record({ capacity: fc.integer({ min: 0, max: 8 }), others: small }), {
        minKeys: 1,
        maxKeys: 2,
      })
      .map((room) => new Map(Object.entries(room).map(([window, each]) => [Number(window), each]))),
    gone: fc.constantFrom([], [10], [11, 12]),
    seen: anchor,
    epoch,
    blockedUntil: fc.constantFrom(0, 0, 0, 1),
  }),
  fc.record({ kind: fc.constant('release'), window: small, tokens: small, epoch }),
  fc.record({ kind: fc.constant('count-others'), window: small, calls: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    kind: fc.constant('tell-end'),
    window: small,
    endsAt: small,
    length: small,
    seen: anchor,
  }),
  fc.record({ kind: fc.constant('tell-limit'), endpoint, limit: small, epoch }),
  fc.record({ kind: fc.constant('lower-limit'), endpoint, limit: small, epoch, window: small, taken: small }),
  fc.record({ kind: fc.constant('block'), until: fc.integer({ min: 0, max: 1 }) }),
  fc.record({ kind: fc.constant('open-circuit'), until: small, by }),
  fc.record({ kind: fc.constant('extend-circuit'), until: small }),
  fc.record({ kind: fc.constant('half-open-circuit'), seen: small, until: small, window: small, by }),
  fc.record({ kind: fc.constant('close-circuit'), until: small }),
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
