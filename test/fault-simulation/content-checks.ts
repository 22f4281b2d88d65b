import type { Batch } from '#lambdas/batch/batch.ts';
import { type BalancesDue, faultOfAccounts } from './account-rules.ts';
import { askedFor, shown } from './content.ts';
import type { Sight } from './observer.ts';
import type { Attempt, PlannedRow } from './plan.ts';
import type { StatusRecord } from './status-answer.ts';
import type { Evidence } from './upstream-evidence.ts';
import { invariant } from './violation.ts';
import type { SimulatedWorld } from './wiring.ts';

/** What is stored of a batch's rows is what was submitted: their consents, in order, and what each asks for. */
export async function storesWhatWasSubmitted(
  { world }: SimulatedWorld,
  name: string,
  batch: Batch,
  content: Attempt,
): Promise<void> {
  const { chunks } = world.portsOf();
  for (let chunk = 0; chunk < batch.chunks; chunk += 1) {
    const { organisationId, referenceId, batchId, chunkRows } = batch;
    const { rows, defaults } = await chunks.input({ organisationId, referenceId, batchId, chunk });
    const expected = content.rows.slice(chunk * chunkRows, (chunk + 1) * chunkRows);
    const told = (consentId: string, parameters: string): string => `${consentId}: ${parameters}`;
    const stored = rows.map(({ consentId, ...own }) => {
      const { fiDataRangeFrom, fiDataRangeTo, configId } = defaults;
      return told(
        consentId,
        shown({
          fiDataRangeFrom: own.fiDataRangeFrom ?? fiDataRangeFrom,
          fiDataRangeTo: own.fiDataRangeTo ?? fiDataRangeTo,
          configId: own.configId ?? configId,
        }),
      );
    });
    const submitted = expected.map((row) => told(row.consentId, askedFor(row, content)));
    invariant(
      String(stored) === String(submitted),
      () => `chunk ${chunk} of ${name} holds ${stored.join('; ')} for ${submitted.join('; ')}`,
    );
  }
}

/** Every row shows the accounts of its session, and their balances where FinPro gave some and nobody died of it. */
export function showsAccounts(
  { settingsOf, mix }: SimulatedWorld,
  name: string,
  { data, content }: Sight,
  evidenceFor: (row: PlannedRow) => Evidence,
  isUndisturbed: boolean,
): void {
  const versions = Array.from({ length: mix.deploys.length + 1 }, (_, version) => settingsOf(version).balances);
  const dueFor = (row: PlannedRow): BalancesDue => {
    if (versions.every((isOn) => !isOn)) return 'none';
    const { balances } = evidenceFor(row);
    const isAnswered = balances.length > 0 && balances.every(({ failure }) => failure === null);
    return isUndisturbed && isAnswered && versions.every(Boolean) ? 'all' : 'any';
  };
  content?.rows.forEach((row, index) => {
    const record: StatusRecord | undefined = data.records[index];
    if (!record) return;
    const fault = faultOfAccounts(record, row, dueFor(row));
    invariant(fault === null, () => `row ${record.id} of ${name}: ${fault}`);
    const isAsked = evidenceFor(row).balances.length > 0;
    invariant(
      isAsked || !isUndisturbed || record.status !== 'COMPLETED' || !versions.every(Boolean),
      () => `row ${record.id} of ${name} is COMPLETED, and nobody asked for its balances`,
    );
  });
}
