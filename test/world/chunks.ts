import { z } from 'zod';
import {
  type ChunkInput,
  type ChunkKey,
  type ChunkOutcome,
  type ChunkState,
  NO_OUTCOME,
} from '#lambdas/chunk/chunk.ts';
import { fromStateItem, toStateItem } from '#lambdas/chunk/codec.ts';
import {
  fromAccountsItem,
  fromInputItem,
  fromOutcomeItem,
  mergedAccounts,
  toAccountsItems,
  toClaimItem,
  toInputItem,
  toOutcomeItem,
} from '#lambdas/chunk/codec-content.ts';
import type { ChunkStore } from '#lambdas/chunk/store.ts';
import {
  accountsKey,
  accountsPrefix,
  claimKey,
  type ItemKey,
  inputKey,
  outcomeKey,
  stateKey,
  statePrefix,
} from '#lambdas/platform/keys.ts';
import { allSettled } from '#lambdas/platform/settled.ts';
import { direct, type RemoteCall } from './network.ts';

/** The items of all chunks: partitions by their key, and in each the items by theirs. */
export type ChunkItems = Map<string, Map<string, object>>;

/** What is stored of chunks, to be shared by all workers. */
export interface ChunkStorage {
  readonly items: ChunkItems;
  /** Called with every state as it is read after a write of it. */
  onState: (state: ChunkState) => void;
}

export const emptyChunkStorage = (): ChunkStorage => ({ items: new Map(), onState: () => {} });

/** The chunks of all batches, in memory. */
export interface MemoryChunks extends ChunkStore {
  /** Sort keys of everything that is stored, for what must not be left behind. */
  readonly storedKeys: readonly string[];
}

const versionOf = z.object({ version: z.number() });
const holderOf = z.object({ holder: z.string() });

/**
 * Items are what the table would hold, packed the same way: times come back on their ticks, and nothing is shared with the writer.
 * @param call how each read and write of the table goes
 * @param storage to share what is stored between several workers' ports
 */
export function memoryChunks(call: RemoteCall = direct, storage: ChunkStorage = emptyChunkStorage()): MemoryChunks {
  const { items } = storage;
  const put = ({ pk, sk }: ItemKey, item: object): void => {
    const partition = items.get(pk) ?? new Map<string, object>();
    items.set(pk, partition.set(sk, item));
  };
  const get = ({ pk, sk }: ItemKey): object | undefined => items.get(pk)?.get(sk);
  const query = ({ pk, sk }: ItemKey): [string, object][] =>
    [...(items.get(pk) ?? [])].filter(([key]) => key.startsWith(sk)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  /** Its repeats meet their own write: the item that was put is this very one. */
  const putNext = (key: ItemKey, item: object, version: number): boolean => {
    const stored = get(key);
    const isNext =
      version === 1 ? stored === undefined : stored !== undefined && versionOf.parse(stored).version === version - 1;
    if (isNext) put(key, item);
    return isNext || stored === item;
  };
  const stateItem = (state: ChunkState): object => toStateItem(state, stateKey(state.key), 0);

  const chunks: MemoryChunks = {
    get storedKeys() {
      return [...items.values()].flatMap((partition) => [...partition.keys()]);
    },

    create: async (parts) => {
      const puts = parts.flatMap(({ state, input, rejections }) => {
        const [item, outcome] = [stateItem(state), toOutcomeItem(rejections)];
        return [
          call('chunks.create', () => void putNext(stateKey(state.key), item, 1)),
          call('chunks.create', () => put(inputKey(state.key), toInputItem(input))),
          ...(rejections.errors.size === 0
            ? []
            : [call('chunks.create', () => void putNext(outcomeKey(state.key), outcome, 1))]),
        ];
      });
      await allSettled(puts);
    },
    discard: async (keys) => {
      for (const { pk, sk } of keys.flatMap((each) => [stateKey(each), inputKey(each), outcomeKey(each)])) {
        await call('chunks.discard', () => void items.get(pk)?.delete(sk));
      }
    },
    state: (key) =>
      call('chunks.state', () => {
        const item = get(stateKey(key));
        return item === undefined ? null : readState(item, key);
      }),
    states: (batch) =>
      call('chunks.states', () =>
        query(statePrefix(batch)).map(([, item], chunk) => readState(item, { ...batch, chunk })),
      ),
    saveState: (state) => {
      const item = stateItem(state);
      return call('chunks.saveState', () => {
        const isSaved = putNext(stateKey(state.key), item, state.version);
        if (isSaved) storage.onState(readState(item, state.key));
        return isSaved;
      });
    },
    input: (key) => call('chunks.input', () => readInput(get(inputKey(key)))),
    outcome: (key) => call('chunks.outcome', () => readOutcome(get(outcomeKey(key)))),
    saveOutcome: (key, outcome) => {
      const item = toOutcomeItem(outcome);
      return call('chunks.saveOutcome', () => putNext(outcomeKey(key), item, outcome.version));
    },
    claimSession: (key, row, sessionId) =>
      call('chunks.claimSession', () => {
        const [at, claim] = [claimKey(key.organisationId, sessionId), toClaimItem(key, row)];
        const stored = get(at);
        const holds = stored === undefined || holderOf.parse(stored).holder === claim.holder;
        if (holds) put(at, claim);
        return holds;
      }),
    saveAccounts: async (key, version, accounts) => {
      for (const [part, item] of toAccountsItems(accounts).entries()) {
        await call('chunks.saveAccounts', () => put(accountsKey(key, version, part), item));
      }
    },
    accounts: (key) =>
      call('chunks.accounts', () =>
        mergedAccounts(query(accountsPrefix(key)).map(([sk, item]) => [sk, accountsIn(item)] as const)),
      ),
  };
  return chunks;
}

/** Items are never changed, so each has to be unpacked only once. What is given out may be, so it is a copy. */
const unpackedOnce = <T>(unpack: (item: object) => T) => {
  const known = new WeakMap<object, T>();
  return (item: object): T => {
    const value = known.get(item) ?? unpack(item);
    known.set(item, value);
    return value;
  };
};
const stateIn = unpackedOnce((item) => fromStateItem(item, NOBODY));
const inputIn = unpackedOnce(fromInputItem);
const outcomeIn = unpackedOnce(fromOutcomeItem);
const accountsIn = unpackedOnce(fromAccountsItem);
const NOBODY: ChunkKey = { organisationId: '', referenceId: '', batchId: '', chunk: 0 };

function readState(item: object, { organisationId, referenceId, batchId, chunk }: ChunkKey): ChunkState {
  const state = stateIn(item);
  const key: ChunkKey = { organisationId, referenceId, batchId, chunk };
  return { ...state, key, rows: state.rows.map((row) => ({ ...row })) };
}

function readInput(item: object | undefined): ChunkInput {
  if (item === undefined) throw new Error('the chunk has no input');
  const input = inputIn(item);
  return { ...input, rows: input.rows.map((row) => ({ ...row })) };
}

function readOutcome(item: object | undefined): ChunkOutcome {
  if (item === undefined) return NO_OUTCOME;
  const { version, sessions, adopted, errors } = outcomeIn(item);
  return { version, sessions: new Map(sessions), adopted: new Set(adopted), errors: new Map(errors) };
}
