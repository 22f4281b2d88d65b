import { z } from 'zod';
import {
  fromAccountsItem,
  fromInputItem,
  fromOutcomeItem,
  toAccountsParts,
  toInputItem,
  toOutcomeItem,
} from '../../lambdas/adapters/dynamodb/chunk-items.ts';
import { fromStateItem, toStateItem } from '../../lambdas/adapters/dynamodb/chunk-state-item.ts';
import {
  accountsKey,
  accountsPrefix,
  type ItemKey,
  inputKey,
  outcomeKey,
  stateKey,
  statePrefix,
} from '../../lambdas/adapters/dynamodb/keys.ts';
import { NO_OUTCOME } from '../../lambdas/core/domain/chunk-outcome.ts';
import type { ChunkKey, ChunkState } from '../../lambdas/core/domain/chunk-state.ts';
import type { Chunks } from '../../lambdas/core/ports.ts';

/** The chunks of all batches, in memory. */
export interface MemoryChunks extends Chunks {
  /** Sort keys of everything that is stored, for what must not be left behind. */
  readonly storedKeys: readonly string[];
  /** Called with every state as it is read after a write of it. */
  onState: (state: ChunkState) => void;
}

const versionOf = z.object({ version: z.number() }).transform(({ version }) => version);

/** Items are what the table would hold, packed the same way: times come back on their ticks, and nothing is shared with the writer. */
export function memoryChunks(): MemoryChunks {
  const items = new Map<string, { readonly key: ItemKey; readonly item: object }>();

  const addressOf = ({ pk, sk }: ItemKey): string => JSON.stringify([pk, sk]);
  const put = (key: ItemKey, item: object): void => {
    items.set(addressOf(key), { key, item });
  };
  const get = (key: ItemKey): object | undefined => items.get(addressOf(key))?.item;
  const query = ({ pk, sk }: ItemKey): object[] =>
    [...items.values()]
      .filter(({ key }) => key.pk === pk && key.sk.startsWith(sk))
      .toSorted((a, b) => (a.key.sk < b.key.sk ? -1 : 1))
      .map(({ item }) => item);
  const putNext = (key: ItemKey, item: object, version: number): boolean => {
    const stored = get(key);
    const holds =
      version === 1 ? stored === undefined : stored !== undefined && versionOf.parse(stored) === version - 1;
    if (holds) put(key, item);
    return holds;
  };
  const stateItem = (state: ChunkState): object => toStateItem(state, stateKey(state.key), 0);
  const readState = (item: object, { organisationId, referenceId, batchId, chunk }: ChunkKey): ChunkState =>
    fromStateItem(item, { organisationId, referenceId, batchId, chunk });

  const chunks: MemoryChunks = {
    get storedKeys() {
      return [...items.values()].map(({ key }) => key.sk);
    },
    onState: () => {},

    create: async (parts) => {
      for (const { state, input, rejections } of parts) {
        put(stateKey(state.key), stateItem(state));
        put(inputKey(state.key), toInputItem(input));
        if (rejections.errors.size > 0) put(outcomeKey(state.key), toOutcomeItem(rejections));
      }
    },
    discard: async (keys) => {
      for (const key of keys.flatMap((each) => [stateKey(each), inputKey(each), outcomeKey(each)])) {
        items.delete(addressOf(key));
      }
    },
    state: async (key) => {
      const item = get(stateKey(key));
      return item === undefined ? null : readState(item, key);
    },
    states: async (batch) => query(statePrefix(batch)).map((item, chunk) => readState(item, { ...batch, chunk })),
    saveState: async (state) => {
      const item = stateItem(state);
      const isSaved = putNext(stateKey(state.key), item, state.version);
      if (isSaved) chunks.onState(readState(item, state.key));
      return isSaved;
    },
    input: async (key) => fromInputItem(get(inputKey(key))),
    outcome: async (key) => {
      const item = get(outcomeKey(key));
      return item === undefined ? NO_OUTCOME : fromOutcomeItem(item);
    },
    saveOutcome: async (key, outcome) => putNext(outcomeKey(key), toOutcomeItem(outcome), outcome.version),
    saveAccounts: async (key, version, accounts) => {
      for (const [part, content] of toAccountsParts(accounts).entries()) {
        put(accountsKey(key, version, part), { content });
      }
    },
    accounts: async (key) => new Map(query(accountsPrefix(key)).flatMap(fromAccountsItem)),
  };
  return chunks;
}
