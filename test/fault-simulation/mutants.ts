import { z } from 'zod';
import type { BatchKey, StoredBatch } from '#lambdas/batch/store.ts';
import type { ChunkKey, ChunkState } from '#lambdas/chunk/chunk.ts';
import { countersOf, type Row } from '#lambdas/chunk/row.ts';
import { classify, type UpstreamFailure } from '#lambdas/upstream/failures.ts';
import type { FinPro, UpstreamAnswer } from '#lambdas/upstream/finpro.ts';
import type { Ledger, LedgerChange } from '#lambdas/upstream/ledger.ts';
import type { Mutant } from '../world/containers.ts';
import type { AllPorts } from '../world/functions.ts';
import { ACCOUNT } from './consent-scripts.ts';
import { CALL_MUTANTS } from './mutants/calls.ts';
import { INTAKE_MUTANTS } from './mutants/intake.ts';

const chunkName = ({ organisationId, batchId, chunk }: ChunkKey): string => `${organisationId} ${batchId} ${chunk}`;

const withSavedState = (ports: AllPorts, change: (state: ChunkState) => ChunkState): AllPorts => ({
  ...ports,
  chunks: { ...ports.chunks, saveState: (state) => ports.chunks.saveState(change(state)) },
});

const summary = z.looseObject({
  batch_id: z.string(),
  summary: z.looseObject({ completed: z.number(), failed: z.number() }),
});
const answer = z.looseObject({ body: z.string() });
const content = z.looseObject({ data: summary.optional() });

/** The same ports, whose batch store does something of its own when a chunk is finished. */
const withFinishChunk = (
  ports: AllPorts,
  finish: (key: BatchKey, chunk: number, apply: () => Promise<StoredBatch | null>) => Promise<StoredBatch | null>,
): AllPorts => ({
  ...ports,
  batches: {
    ...ports.batches,
    apply: (key, change) => {
      const apply = () => ports.batches.apply(key, change);
      return change.kind === 'finish-chunk' ? finish(key, change.chunk, apply) : apply();
    },
  },
});

/** Counters that are added to whenever a chunk is found finished, instead of counted from its rows. */
function countsTwice(): Mutant {
  const finished = new Map<string, number>();
  const extra = new Map<string, { completed: number; failed: number }>();
  return {
    ports: (ports) =>
      withFinishChunk(ports, async (batch, chunk, apply) => {
        const key = { ...batch, chunk };
        const times = (finished.get(chunkName(key)) ?? 0) + 1;
        finished.set(chunkName(key), times);
        const state = times > 1 ? await ports.chunks.state(key) : null;
        if (state) {
          const { COMPLETED, FAILED } = countersOf(state.rows);
          const { completed, failed } = extra.get(key.batchId) ?? { completed: 0, failed: 0 };
          extra.set(key.batchId, { completed: completed + COMPLETED, failed: failed + FAILED });
        }
        return apply();
      }),
    handler: (name, handler) => async (event, context) => {
      const result = await handler(event, context);
      if (name !== 'batch-status') return result;
      const { body, ...envelope } = answer.parse(result);
      const { data, ...others } = content.parse(JSON.parse(body));
      const more = data && extra.get(data.batch_id);
      if (!data || !more) return result;
      const { completed, failed } = data.summary;
      const counted = { ...data.summary, completed: completed + more.completed, failed: failed + more.failed };
      return { ...envelope, body: JSON.stringify({ ...others, data: { ...data, summary: counted } }) };
    },
  };
}

/** FI requests go out without a trace in the chunk: a row that is being requested is stored as one that is not. */
const sendsWithoutIntent = (): Mutant => {
  const withoutIntent = (row: Row): Row => (row.phase === 'requesting' ? { ...row, phase: 'ready' } : row);
  return { ports: (ports) => withSavedState(ports, (state) => ({ ...state, rows: state.rows.map(withoutIntent) })) };
};

/** Finished chunks are counted on the batch, so that one which is reported twice counts for two. */
function addsFinishedChunks(): Mutant {
  const counts = new Map<string, number>();
  return {
    ports: (ports) =>
      withFinishChunk(ports, async ({ batchId }, _chunk, apply) => {
        const count = (counts.get(batchId) ?? 0) + 1;
        counts.set(batchId, count);
        const stored = await apply();
        const finishedChunks = new Set(Array.from({ length: count }, (_, index) => index));
        return stored && { ...stored, batch: { ...stored.batch, finishedChunks } };
      }),
  };
}

/** A lease that ends while its worker is still at work. */
const releasesClaimEarly = (): Mutant => ({
  ports: (ports) =>
    withSavedState(ports, (state) => ({
      ...state,
      leasedUntil: state.leasedUntil === null ? null : state.movedAt + 1,
    })),
});

/** An answer that was lost is taken for a request that was not processed. */
const doesNotProbe = (): Mutant => ({
  ports: (ports) => ({
    ...ports,
    finPro: {
      ...ports.finPro,
      requestFi: async (...request: Parameters<FinPro['requestFi']>) => {
        const got = await ports.finPro.requestFi(...request);
        const isLost =
          !got.ok && (got.failure.sent === 'maybe' || (got.failure.sent === 'answered' && got.failure.status >= 500));
        return isLost ? { ...got, failure: { sent: 'no', message: 'It was not processed.' } } : got;
      },
    },
  }),
});

/** Calls go out without a look at what others have reserved: each worker finds the ledger unused, and takes without a condition. */
const ignoresBudget = (): Mutant => ({
  ports: (ports) => ({
    ...ports,
    ledgers: {
      ...ports.ledgers,
      read: async (organisationId) => ({ ...(await ports.ledgers.read(organisationId)), taken: new Map() }),
      apply: async (organisationId, change) =>
        change.kind === 'take' ? ports.ledgers.read(organisationId) : ports.ledgers.apply(organisationId, change),
    },
  }),
});

/** A log line that shows whose account it was. */
const logsAccounts = (): Mutant => ({
  ports: (ports) => ({
    ...ports,
    chunks: {
      ...ports.chunks,
      saveAccounts: (key, version, accounts) => {
        const [details] = [...accounts.values()].flat();
        ports.telemetry.warn(`account ${details?.masked_account_number ?? ACCOUNT} came in`, {});
        return ports.chunks.saveAccounts(key, version, accounts);
      },
    },
  }),
});

/**
 * A correction by the headers that is written from the ledger as this worker has seen it, over what others have reserved since: the drift of
 * the copy that the simulation once played.
 */
function correctsStaleLedger(): Mutant {
  return {
    ports: (ports) => {
      let seen: Ledger | null = null;
      const { ledgers } = ports;
      return {
        ...ports,
        ledgers: {
          ...ledgers,
          read: async (organisationId) => {
            const stale = seen;
            seen = null;
            return stale ?? ledgers.read(organisationId);
          },
          apply: async (organisationId, change) => {
            if (change.kind === 'count-others') {
              const { taken, epoch } = await ledgers.read(organisationId);
              const tooMany = (taken.get(change.window) ?? 0) - change.calls;
              return tooMany > 0
                ? ledgers.apply(organisationId, { kind: 'release', window: change.window, tokens: tooMany, epoch })
                : ledgers.apply(organisationId, change);
            }
            const left = await ledgers.apply(organisationId, change);
            if (change.kind === 'take') seen = left;
            return left;
          },
        },
      };
    },
  };
}

/** Ports whose ledgers apply other changes than they are asked for, several or none. */
const withLedgerChange = (changed: (change: LedgerChange) => readonly LedgerChange[]): Mutant => ({
  ports: (ports) => {
    const { ledgers } = ports;
    return {
      ...ports,
      ledgers: {
        ...ledgers,
        apply: async (organisationId, change) => {
          let left: Ledger | null = await ledgers.read(organisationId);
          for (const each of changed(change)) left = await ledgers.apply(organisationId, each);
          return left;
        },
      },
    };
  },
});

/** The ends of windows that the upstream names are not believed. */
const forgetsToldEnds = (): Mutant => withLedgerChange((change) => (change.kind === 'tell-end' ? [] : [change]));

/** An end that the upstream names is taken for that of the next window. */
const tellsTheNextEnd = (): Mutant =>
  withLedgerChange((change) => [change.kind === 'tell-end' ? { ...change, window: change.window + 1 } : change]);

/** Unused tokens go back twice, as when the SDK repeats the write. */
const releasesTwice = (): Mutant =>
  withLedgerChange((change) => (change.kind === 'release' ? [change, change] : [change]));

/** A session that FinPro says is running is looked for as one of our own, which it is too old for. */
const joinsOwnSessionsOnly = (): Mutant => {
  const asOwn = (row: Row): Row => (row.phase === 'joining' ? { ...row, phase: 'reconciling' } : row);
  return { ports: (ports) => withSavedState(ports, (state) => ({ ...state, rows: state.rows.map(asOwn) })) };
};

/** Credentials are read by the call that needs them, after its window was chosen. */
const readsCredentialsLate = (): Mutant => ({
  ports: (ports) => ({ ...ports, finPro: { ...ports.finPro, prepare: async () => {} } }),
});

/** A table whose commands are changed on their way out, or their answers on their way back. */
const withTable = (
  onCommand: (input: object) => object,
  onAnswer: (output: object) => object = (output) => output,
): Mutant => ({
  ports: (ports) => ports,
  table: (table) => {
    const { client } = table;
    client.middlewareStack.add(
      (next) => async (args) => {
        Object.assign(args.input, onCommand(args.input));
        const result = await next(args);
        Object.assign(result.output, onAnswer(result.output));
        return result;
      },
      { step: 'initialize' },
    );
    return table;
  },
});

/** The SDK repeats a write that had taken effect, meets its own, and it is taken for somebody else's. */
const takesOwnWritesForLostRaces = (): Mutant =>
  withTable((input) =>
    'ConditionExpression' in input && typeof input.ConditionExpression === 'string'
      ? { ConditionExpression: input.ConditionExpression.replace(' OR writeId = :writeId', ' OR pk = :writeId') }
      : {},
  );

/** What DynamoDB leaves of a batch write is never written. */
const dropsUnprocessedItems = (): Mutant =>
  withTable(
    () => ({}),
    (output) => ('UnprocessedItems' in output ? { UnprocessedItems: {} } : {}),
  );

/** All readers of an upload make its chunks under the id that its form has promised. */
const readersShareAnId = (): Mutant => ({
  ports: (ports) => {
    let promised: string | null = null;
    return {
      ...ports,
      ids: { uuid: () => promised ?? ports.ids.uuid() },
      batches: {
        ...ports.batches,
        read: async (...key) => {
          const found = await ports.batches.read(...key);
          promised = found?.batch.reservation ? found.batch.batchId : null;
          return found;
        },
      },
    };
  },
});

/** A session that was found by look-up is taken, whoever holds it. */
const adoptsWithoutClaim = (): Mutant => ({
  ports: (ports) => ({ ...ports, chunks: { ...ports.chunks, claimSession: async () => true } }),
});

/** What was adopted is not stored. */
const keepsAdoptionToItself = (): Mutant => ({
  ports: (ports) => ({
    ...ports,
    chunks: {
      ...ports.chunks,
      saveOutcome: (key, outcome) => ports.chunks.saveOutcome(key, { ...outcome, adopted: new Set() }),
    },
  }),
});

const newState = z.looseObject({ Item: z.looseObject({ sk: z.string().startsWith('STATE#'), version: z.literal(1) }) });

/** A new chunk is put without a condition, so that a request that arrives late starts it over. */
const startsChunksOver = (): Mutant =>
  withTable((input) =>
    newState.safeParse(input).success ? { ConditionExpression: undefined, ExpressionAttributeValues: undefined } : {},
  );

/** Chunks are written at once, and the first failure is told while the others are under way. */
const leavesWritesUnderWay = (): Mutant => ({
  ports: (ports) => ({
    ...ports,
    chunks: {
      ...ports.chunks,
      create: async (chunks) => void (await Promise.all(chunks.map((chunk) => ports.chunks.create([chunk])))),
    },
  }),
});

/** Recovery counts each time that it queues a chunk against it, also while no worker is there. */
const countsEveryStall = (): Mutant => ({
  ports: (ports) => ({
    ...ports,
    chunks: {
      ...ports.chunks,
      states: async (batch) =>
        (await ports.chunks.states(batch)).map((state) => ({ ...state, ownStalls: state.stalls })),
    },
  }),
});

/** The rejection of a later version of a dropped file has the name of the batch's own report. */
const rejectsOverReports = (): Mutant => ({
  ports: (ports) => ({
    ...ports,
    reports: { write: (key, report) => ports.reports.write(key.replace(/\.v\d+\.json$/, '.json'), report) },
  }),
});
const withFailure = <T>(
  answer: UpstreamAnswer<T>,
  change: (failure: UpstreamFailure) => UpstreamFailure,
): UpstreamAnswer<T> => (answer.ok ? answer : { ...answer, failure: change(answer.failure) });

/** An FI request that a gateway answered counts as refused by FinPro. */
function believesGateways(): Mutant {
  const believed = (failure: UpstreamFailure): UpstreamFailure =>
    failure.sent === 'answered' && failure.code === null && failure.status < 500
      ? { ...failure, code: 'UpstreamError' }
      : failure;
  return {
    ports: ({ finPro, ...ports }) => ({
      ...ports,
      finPro: { ...finPro, requestFi: async (...asked) => withFailure(await finPro.requestFi(...asked), believed) },
    }),
  };
}

/** Answers to FI requests are taken for one's own, whatever consent they name. */
const believesAnyOpening = (): Mutant => ({
  ports: ({ finPro, ...ports }) => ({
    ...ports,
    finPro: {
      ...finPro,
      requestFi: async (...asked) => {
        const answer = await finPro.requestFi(...asked);
        return answer.ok ? { ...answer, value: { ...answer.value, consentId: null } } : answer;
      },
    },
  }),
});

/** Status answers are taken for one's own, whatever session and consent they name. */
const believesAnyStatus = (): Mutant => ({
  ports: ({ finPro, ...ports }) => ({
    ...ports,
    finPro: {
      ...finPro,
      fiStatus: async (organisationId, of) => {
        const answer = await finPro.fiStatus(organisationId, of);
        return answer.ok ? { ...answer, value: { ...answer.value, consentId: null, ...of } } : answer;
      },
    },
  }),
});

/** A refusal that no rule knows ends its row at once, also where a status was asked for. */
function believesAnyRefusal(): Mutant {
  const believed = (failure: UpstreamFailure): UpstreamFailure => {
    const verdict = classify(failure);
    const isUnknown = failure.sent === 'answered' && verdict.kind === 'final' && !verdict.classified;
    return isUnknown ? { ...failure, code: 'ConsentPaused' } : failure;
  };
  return {
    ports: ({ finPro, ...ports }) => ({
      ...ports,
      finPro: { ...finPro, fiStatus: async (...asked) => withFailure(await finPro.fiStatus(...asked), believed) },
    }),
  };
}

/** The switches. Each is made anew for a history, since it may count for itself. */
export const MUTANTS = {
  ...INTAKE_MUTANTS,
  ...CALL_MUTANTS,
  'counts-twice': countsTwice,
  'sends-without-intent': sendsWithoutIntent,
  'adds-finished-chunks': addsFinishedChunks,
  'releases-lease-early': releasesClaimEarly,
  'does-not-probe': doesNotProbe,
  'ignores-budget': ignoresBudget,
  'logs-accounts': logsAccounts,
  'corrects-stale-ledger': correctsStaleLedger,
  'forgets-told-ends': forgetsToldEnds,
  'tells-the-next-end': tellsTheNextEnd,
  'releases-twice': releasesTwice,
  'joins-own-sessions-only': joinsOwnSessionsOnly,
  'takes-own-writes-for-lost-races': takesOwnWritesForLostRaces,
  'drops-unprocessed-items': dropsUnprocessedItems,
  'leaves-writes-under-way': leavesWritesUnderWay,
  'counts-every-stall': countsEveryStall,
  'rejects-over-reports': rejectsOverReports,
  'starts-chunks-over': startsChunksOver,
  'readers-share-an-id': readersShareAnId,
  'believes-gateways': believesGateways,
  'believes-any-refusal': believesAnyRefusal,
  'believes-any-opening': believesAnyOpening,
  'believes-any-status': believesAnyStatus,
  'reads-credentials-late': readsCredentialsLate,
  'adopts-without-claim': adoptsWithoutClaim,
  'keeps-adoption-to-itself': keepsAdoptionToItself,
} as const satisfies Record<string, () => Mutant>;

export type MutantName = keyof typeof MUTANTS;

/** Mutants that only the adapters over a table can have. */
export const TABLE_MUTANTS: ReadonlySet<MutantName> = new Set([
  'takes-own-writes-for-lost-races',
  'drops-unprocessed-items',
  'starts-chunks-over',
]);

export const isMutantName = (name: string): name is MutantName => Object.hasOwn(MUTANTS, name);
