import * as z from 'zod';
import { packJson, unpackJson } from '../platform/dynamodb.ts';
import { accountsVersion } from '../platform/keys.ts';
import type { AccountDetails } from '../upstream/session.ts';
import type { ChunkInput, ChunkKey, ChunkOutcome } from './chunk.ts';

/**
 * The format of inputs, accounts and claims. An item without a number is of format 1, which was stored before formats
 * had numbers.
 */
const FORMAT = 1;
const format = z.literal(FORMAT).default(FORMAT);

/** The format of outcomes. Those of format 1 don't say which sessions were adopted. */
const OUTCOME_FORMAT = 2;

const text = z.string().nullable();
const guidColumn = z.union([z.instanceof(Uint8Array), z.array(text)]).transform(unpackGuids);

const inputContent = z.object({
  defaults: z.object({ fiDataRangeFrom: text, fiDataRangeTo: text, configId: text }),
  chunkRows: z.number().int().positive(),
  /** What each row has beside its consent, without the nulls at the end. */
  rows: z.array(z.tuple([text.optional(), text.optional(), text.optional(), z.number().int().nullable().optional()])),
});

const packedInput = z.object({ format, consents: guidColumn, content: z.instanceof(Uint8Array) });

/** The attributes of a chunk's input. */
export const toInputItem = ({ defaults, chunkRows, rows }: ChunkInput): object => ({
  format: FORMAT,
  consents: packGuids(rows.map(({ consentId }) => consentId)),
  content: packJson({
    defaults,
    chunkRows,
    rows: rows.map((row) => trimmed([row.fiDataRangeFrom, row.fiDataRangeTo, row.configId, row.previous])),
  }),
});

export function fromInputItem(item: unknown): ChunkInput {
  const { consents, content } = packedInput.parse(item);
  const { defaults, chunkRows, rows } = inputContent.parse(unpackJson(content));
  return {
    defaults,
    chunkRows,
    rows: rows.map(([from = null, to = null, configId = null, previous = null], row) => ({
      consentId: consents[row] ?? '',
      fiDataRangeFrom: from,
      fiDataRangeTo: to,
      configId,
      previous,
    })),
  };
}

function trimmed(values: readonly (string | number | null)[]): readonly (string | number | null)[] {
  const last = values.findLastIndex((value) => value !== null);
  return values.slice(0, last + 1);
}

const outcomeContent = z.object({
  /** Each distinct error once: code and message. */
  texts: z.array(z.tuple([z.string(), z.string()])),
  /** Row and the number of its error. */
  errors: z.array(z.tuple([z.number().int(), z.number().int()])),
  /** Rows whose session was adopted; left out when there are none, as usual. */
  adopted: z.array(z.number().int()).default([]),
});

const packedOutcome = z.object({
  format: z.union([z.literal(1), z.literal(OUTCOME_FORMAT)]).default(1),
  version: z.number().int(),
  sessions: guidColumn,
  content: z.instanceof(Uint8Array),
});

/** The attributes of a chunk's outcome. */
export function toOutcomeItem({ version, sessions, adopted, errors }: ChunkOutcome): object {
  const rows = Math.max(-1, ...sessions.keys()) + 1;
  const texts = new Map<string, number>();
  const numbered = [...errors].map(([row, { code, message }]) => {
    const key = JSON.stringify([code, message]);
    const number = texts.get(key) ?? texts.size;
    texts.set(key, number);
    return [row, number];
  });
  return {
    format: OUTCOME_FORMAT,
    version,
    // By row, with null where a row has none.
    sessions: packGuids(Array.from({ length: rows }, (_, row) => sessions.get(row) ?? null)),
    content: packJson({
      texts: [...texts.keys()].map((key): unknown => JSON.parse(key)),
      errors: numbered,
      ...(adopted.size === 0 ? {} : { adopted: [...adopted] }),
    }),
  };
}

export function fromOutcomeItem(item: unknown): ChunkOutcome {
  const { version, sessions, content } = packedOutcome.parse(item);
  const { texts, errors, adopted } = outcomeContent.parse(unpackJson(content));
  return {
    version,
    sessions: new Map(sessions.flatMap((session, row) => (session === null ? [] : [[row, session] as const]))),
    adopted: new Set(adopted),
    errors: new Map(
      errors.map(([row, number]) => {
        const [code, message] = texts[number] ?? ['Unknown', ''];
        return [row, { code, message }] as const;
      }),
    ),
  };
}

/**
 * The attributes of a session's claim. `holder` names the row for good: a claim is repeated by comparing it as text, so
 * it must be spelt alike by every release.
 */
export const toClaimItem = ({ batchId, chunk }: ChunkKey, row: number): { format: number; holder: string } => ({
  format: FORMAT,
  holder: `${batchId}#${chunk}#${row}`,
});

/** DynamoDB's items have at most 400 KB. Accounts are split well before. */
const MAX_ACCOUNTS_BYTES = 300 * 1024;

type AccountsOfRows = ReadonlyMap<number, readonly AccountDetails[]>;

const FIELDS = [
  'link_reference_number',
  'masked_account_number',
  'fip_id',
  'fip_name',
  'fi_status',
  'fi_type',
  'account_type',
  'current_balance',
  'currency',
  'balance_as_of',
] as const;

/** The attributes of the items that accounts are stored in, as many as they need. */
export const toAccountsItems = (accounts: AccountsOfRows): object[] =>
  packedParts([...accounts]).map((content) => ({ format: FORMAT, content }));

type AccountsEntry = readonly [number, readonly AccountDetails[]];

/**
 * Accounts as tuples in the order of FIELDS, which deflate compresses better. Where they're too many for an item, rows
 * go into several, and the accounts of one row, too. One account has at most ten texts of 128 characters
 * (`finpro-answers.ts`).
 */
function packedParts(entries: readonly AccountsEntry[]): Uint8Array[] {
  const packed = packEntries(entries);
  if (packed.byteLength <= MAX_ACCOUNTS_BYTES) return [packed];
  const [only] = entries;
  if (!only) return [packed];
  if (entries.length > 1) return halves(entries).flatMap(packedParts);
  const [row, list] = only;
  return halves(list).flatMap((part) => packedParts([[row, part]]));
}

const packEntries = (entries: readonly AccountsEntry[]): Uint8Array =>
  packJson(entries.map(([row, list]) => [row, list.map(toTuple)]));

function halves<T>(list: readonly T[]): (readonly T[])[] {
  const half = Math.ceil(list.length / 2);
  return [list.slice(0, half), list.slice(half)];
}

/**
 * The accounts of a chunk's rows, from what each item holds, by its sort key and in that order. Those of a row's highest
 * version count.
 */
export function mergedAccounts(items: readonly (readonly [string, readonly AccountsEntry[]])[]): AccountsOfRows {
  const found = new Map<number, { readonly version: string; readonly list: readonly AccountDetails[] }>();
  for (const [sk, entries] of items) {
    const version = accountsVersion(sk);
    for (const [row, list] of entries) {
      const known = found.get(row);
      found.set(row, { version, list: known?.version === version ? [...known.list, ...list] : list });
    }
  }
  return new Map([...found].map(([row, { list }]) => [row, list]));
}

const toTuple = (account: AccountDetails): (string | null)[] => FIELDS.map((field) => account[field] ?? null);

const accountsContent = z.array(
  z.tuple([
    z.number().int(),
    z.array(
      z
        .tuple([z.string(), text, text, text, z.string(), text, text, text, text, text])
        .transform(([link, masked, fipId, fipName, fiStatus, ...balance]): AccountDetails => {
          const [fiType, accountType, currentBalance, currency, asOf] = balance;
          return {
            link_reference_number: link,
            masked_account_number: masked,
            fip_id: fipId,
            fip_name: fipName,
            fi_status: fiStatus,
            ...(fiType === null ? {} : { fi_type: fiType }),
            ...(accountType === null ? {} : { account_type: accountType }),
            ...(currentBalance === null ? {} : { current_balance: currentBalance }),
            ...(currency === null ? {} : { currency }),
            ...(asOf === null ? {} : { balance_as_of: asOf }),
          };
        }),
    ),
  ]),
);

const packedAccounts = z.object({ format, content: z.instanceof(Uint8Array) });

export function fromAccountsItem(item: unknown): readonly AccountsEntry[] {
  const { content } = packedAccounts.parse(item);
  return accountsContent.parse(unpackJson(content));
}

const GUID_BYTES = 16;
const LOWER_CASE_GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const NONE = '00000000-0000-0000-0000-000000000000';

/** A column of GUIDs: 16 bytes each, or the strings as they are where one isn't a lower-case GUID. */
export type GuidColumn = Uint8Array | readonly (string | null)[];

/**
 * GUIDs as bytes, which don't compress: 250 take 4,000 bytes, 1,200 fewer than as deflated text. A column with capitals
 * stays text, so that the spelling is preserved.
 */
export function packGuids(values: readonly (string | null)[]): GuidColumn {
  const isPackable = values.every((value) => value === null || (LOWER_CASE_GUID.test(value) && value !== NONE));
  if (!isPackable) return values;
  return Buffer.concat(values.map((value) => Buffer.from((value ?? NONE).replaceAll('-', ''), 'hex')));
}

export function unpackGuids(column: GuidColumn): (string | null)[] {
  if (!(column instanceof Uint8Array)) return [...column];
  const bytes = Buffer.from(column);
  return Array.from({ length: bytes.length / GUID_BYTES }, (_, index) => {
    const hex = bytes.toString('hex', index * GUID_BYTES, (index + 1) * GUID_BYTES);
    const guid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    return guid === NONE ? null : guid;
  });
}
