import { CONFIG_ID_LENGTH } from '#lambdas/batch/submission.ts';

/** A row with every field that it can have, each as long as it can be. */
export interface LargeRow {
  readonly consent_id: string;
  readonly fiDataRangeFrom: string;
  readonly fiDataRangeTo: string;
  readonly configId: string;
}

/** One for each consent; no two have a field in common. */
export const largeRows = (consents: readonly string[]): LargeRow[] =>
  consents.map((consent_id, row) => ({
    consent_id,
    fiDataRangeFrom: new Date(Date.UTC(2023, 0, 1) + row * 60_000).toISOString(),
    fiDataRangeTo: new Date(Date.UTC(2024, 0, 1) + row * 60_000).toISOString(),
    configId: `config-${row}-`.padEnd(CONFIG_ID_LENGTH, 'x'),
  }));

/** A CSV file of so many bytes, or a little less. */
export const largeCsv = (rows: readonly LargeRow[], bytes: number): string => {
  const header = 'consentId,fiDataRangeFrom,fiDataRangeTo,configId,note\n';
  return header + filled(rows, bytes - header.length, (row) => Object.values(row).join(',')).join('\n');
};

/** The same as a JSON file. */
export const largeJson = (rows: readonly LargeRow[], bytes: number): string =>
  `[${filled(rows, bytes - 2, (row) => JSON.stringify(row)).join(',')}]`;

/** Writes the rows, each with a note, which the product does not read, and which is so long that all of them take so many bytes. */
function filled(
  rows: readonly LargeRow[],
  bytes: number,
  write: (row: LargeRow & { readonly note: string }) => string,
): string[] {
  const width = Math.floor(bytes / rows.length) - 1;
  return rows.map((row) => write({ ...row, note: 'n'.repeat(width - write({ ...row, note: '' }).length) }));
}
