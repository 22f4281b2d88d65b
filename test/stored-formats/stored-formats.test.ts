import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { fromBatchItem } from '#lambdas/batch/store.dynamodb.ts';
import { fromStateItem, toStateItem } from '#lambdas/chunk/codec.ts';
import {
  fromAccountsItem,
  fromInputItem,
  fromOutcomeItem,
  toAccountsItems,
  toClaimItem,
  toInputItem,
  toOutcomeItem,
} from '#lambdas/chunk/codec-content.ts';
import { fromClientItem, toClientItem } from '#lambdas/clients/store.dynamodb.ts';
import { fromLedgerItem, toLedgerItem } from '#lambdas/upstream/ledger-codec.ts';
import {
  ACCOUNTS,
  ADDITIONS,
  BATCHES,
  CLIENTS,
  INPUTS,
  KEY,
  LEDGERS,
  LEDGERS_1,
  OUTCOMES,
  OUTCOMES_1,
  STATES,
  STATES_1,
} from './what-is-stored.ts';

/**
 * Items live for 90 days and more, so code reads every format that was ever stored. A folder here holds items as some release wrote them; its files
 * are never changed. Who changes a layout gives the format its next number, teaches the codec to read both, and adds a folder.
 */
const FORMATS = ['release-0.1', 'format-1', 'format-2'] as const;
type Format = (typeof FORMATS)[number];
const NEWEST: Format = 'format-2';

/** Bytes and sets, which JSON has not, stand as `{"$bytes": base64}` and `{"$set": []}`. */
const revive = (_: string, value: unknown): unknown => {
  const tagged = z.union([z.strictObject({ $bytes: z.base64() }), z.strictObject({ $set: z.array(z.unknown()) })]);
  const { data } = tagged.safeParse(value);
  if (!data) return value;
  return '$bytes' in data ? new Uint8Array(Buffer.from(data.$bytes, 'base64')) : new Set(data.$set);
};
const itemOf = (format: string, name: string): Record<string, unknown> =>
  z
    .record(z.string(), z.unknown())
    .parse(JSON.parse(readFileSync(join(import.meta.dirname, format, `${name}.json`), 'utf8'), revive));

/** Each kind of item: how it is read, what the fixtures say, and how it is written where a function does that alone. */
const KINDS: readonly {
  readonly says: Readonly<Record<string, unknown>>;
  /** What is left of older fixtures, where that differs. */
  readonly before?: Partial<Record<Format, Readonly<Record<string, unknown>>>>;
  readonly read: (item: unknown) => unknown;
  readonly written?: Readonly<Record<string, object>>;
}[] = [
  { says: BATCHES, read: fromBatchItem },
  {
    says: STATES,
    before: { 'release-0.1': STATES_1, 'format-1': STATES_1 },
    read: (item) => fromStateItem(item, KEY),
    written: mapped(STATES, (state) => toStateItem(state, { pk: 'pk', sk: 'sk' }, 0)),
  },
  { says: INPUTS, read: fromInputItem, written: mapped(INPUTS, toInputItem) },
  {
    says: OUTCOMES,
    before: { 'release-0.1': OUTCOMES_1, 'format-1': OUTCOMES_1 },
    read: fromOutcomeItem,
    written: mapped(OUTCOMES, toOutcomeItem),
  },
  {
    says: ACCOUNTS,
    read: (item) => new Map(fromAccountsItem(item)),
    written: mapped(ACCOUNTS, (accounts) => ({ ...toAccountsItems(accounts)[0] })),
  },
  {
    says: LEDGERS,
    before: { 'release-0.1': LEDGERS_1, 'format-1': LEDGERS_1 },
    read: fromLedgerItem,
    written: mapped(LEDGERS, toLedgerItem),
  },
  { says: CLIENTS, read: fromClientItem, written: mapped(CLIENTS, toClientItem) },
];

function mapped<T>(values: Readonly<Record<string, T>>, to: (value: T) => object): Record<string, object> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, to(value)]));
}

describe.each(FORMATS)('items of %s', (format) => {
  const cases = KINDS.flatMap(({ says, before, read }) =>
    Object.entries(before?.[format] ?? says).map(([name, value]) => ({ name, value, read })),
  );

  test.each(cases)('$name is read', ({ name, value, read }) => {
    expect(read(itemOf(format, name))).toEqual(value);
  });

  test('are all read by a test', () => {
    const files = readdirSync(join(import.meta.dirname, format)).map((file) => file.replace('.json', ''));
    // Cached statuses lived for a minute and aren't stored any more. A claim is only compared.
    expect(files.filter((file) => !['status-cache', 'claim'].includes(file)).toSorted()).toEqual(
      cases.map(({ name }) => name).toSorted(),
    );
  });
});

describe('attributes that were added to a format, and that older items lack', () => {
  test.each(Object.entries(ADDITIONS))('%s is read', (name, value) => {
    expect(fromBatchItem(itemOf('additions', name))).toEqual(value);
  });
});

/** Compressed bytes may differ from one version of zlib to the next; what they hold may not. */
function inflated(value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value;
  try {
    return inflateRawSync(value).toString('hex');
  } catch {
    return Buffer.from(value).toString('hex');
  }
}

describe('what is written now', () => {
  const cases = KINDS.flatMap(({ written = {} }) => Object.entries(written).map(([name, item]) => ({ name, item })));

  test.each(cases)('$name is as the newest fixture has it: a new layout needs a new number', ({ name, item }) => {
    const KEYS = ['pk', 'sk', 'expiresAt'];
    const bare = (of: object): object =>
      Object.fromEntries(
        Object.entries(of).flatMap(([key, value]) => (KEYS.includes(key) ? [] : [[key, inflated(value)]])),
      );
    expect(bare(item)).toEqual(bare(itemOf(NEWEST, name)));
  });

  test('a claim names its holder as it was ever named: a row would not know its own claim otherwise', () => {
    expect(itemOf(NEWEST, 'claim')).toMatchObject(toClaimItem(KEY, 4));
  });

  test('says its format, so that one that is not known is refused and not misread', () => {
    for (const { says, read } of KINDS) {
      for (const name of Object.keys(says)) {
        expect(() => read({ ...itemOf(NEWEST, name), format: 99 }), name).toThrow();
      }
    }
  });
});
