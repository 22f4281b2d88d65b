import type { BatchKey } from '#lambdas/batch/store.ts';
import type { ChunkInput, ChunkState, InputRow } from '#lambdas/chunk/chunk.ts';
import type { FinPro } from '#lambdas/upstream/finpro.ts';
import type { LedgerChange } from '#lambdas/upstream/ledger.ts';
import type { Mutant } from '../../world/containers.ts';
import type { AllPorts } from '../../world/functions.ts';

/** A product whose ports are changed in part. */
const withPorts = (change: (ports: AllPorts) => Partial<AllPorts>): Mutant => ({
  ports: (ports) => ({ ...ports, ...change(ports) }),
});

export const withChunks = (change: (ports: AllPorts) => Partial<AllPorts['chunks']>): Mutant =>
  withPorts((ports) => ({ chunks: { ...ports.chunks, ...change(ports) } }));

export const withBatches = (change: (ports: AllPorts) => Partial<AllPorts['batches']>): Mutant =>
  withPorts((ports) => ({ batches: { ...ports.batches, ...change(ports) } }));

export const withFinPro = (change: (finPro: FinPro) => Partial<FinPro>): Mutant =>
  withPorts(({ finPro }) => ({ finPro: { ...finPro, ...change(finPro) } }));

export const withReports = (change: (ports: AllPorts) => Partial<AllPorts['reports']>): Mutant =>
  withPorts((ports) => ({ reports: { ...ports.reports, ...change(ports) } }));

export const withOpenBatches = (list: AllPorts['openBatches']['list']): Mutant =>
  withPorts(() => ({ openBatches: { list } }));

export const withSavedState = (change: (state: ChunkState) => ChunkState): Mutant =>
  withChunks(({ chunks }) => ({ saveState: (state) => chunks.saveState(change(state)) }));

/** Rows whose input is read otherwise than it was written. */
export const withInputRows = (change: (row: InputRow, input: ChunkInput) => InputRow): Mutant =>
  withChunks(({ chunks }) => ({
    input: async (key) => {
      const input = await chunks.input(key);
      return { ...input, rows: input.rows.map((row) => change(row, input)) };
    },
  }));

/** Ledgers that leave changes of some kinds undone, and say that the condition didn't hold. */
export const withoutLedgerChanges = (...kinds: readonly LedgerChange['kind'][]): Mutant =>
  withPorts(({ ledgers }) => ({
    ledgers: {
      ...ledgers,
      apply: async (organisationId, change) =>
        kinds.includes(change.kind) ? null : ledgers.apply(organisationId, change),
    },
  }));

export const nameOf = ({ organisationId, batchId }: Pick<BatchKey, 'organisationId' | 'batchId'>): string =>
  `${organisationId} ${batchId}`;
