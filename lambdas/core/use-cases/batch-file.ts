import { type GlobalConfig, MAXIMUM_ROWS } from '../domain/batch.ts';
import { rowError } from '../domain/fi-failure.ts';
import type { FileRow } from '../domain/file-content.ts';
import type { FileType } from '../domain/file-type.ts';
import { parseRow } from '../domain/row-submission.ts';
import type { RowToAccept } from './accept-batch.ts';
import { readCsv } from './csv-file.ts';
import { readJsonFile } from './json-file.ts';
import { tooManyRows } from './schedule-request.ts';

/** A batch out of a file: rows that fail validation are there with their error. */
export interface BatchFile {
  readonly rows: readonly RowToAccept[];
  readonly defaults: GlobalConfig;
}

/** Longest part of an invalid id that is kept (`design.md`, bounds). */
const INVALID_ID_LENGTH = 64;

/**
 * Reads the rows of a file. A row that fails validation is kept with its error and its place; the others are not touched by it.
 * @param given defaults that came with the file, which win over its own
 * @throws ServiceError `InvalidFileContent` when the file cannot be read as a whole, `InvalidRequest` when it has too many rows
 */
export function readBatchFile(bytes: Uint8Array, type: FileType, given: GlobalConfig): BatchFile {
  const {
    rows,
    total,
    defaults: own,
  } = type === 'csv' ? readCsv(bytes, MAXIMUM_ROWS) : readJsonFile(bytes, MAXIMUM_ROWS);
  if (total > MAXIMUM_ROWS) throw tooManyRows('file', total);
  const defaults: GlobalConfig = {
    fiDataRangeFrom: given.fiDataRangeFrom ?? own.fiDataRangeFrom ?? null,
    fiDataRangeTo: given.fiDataRangeTo ?? own.fiDataRangeTo ?? null,
    configId: given.configId ?? own.configId ?? null,
  };
  return { rows: rows.map((row) => rowOf(row, defaults)), defaults };
}

function rowOf({ place, value }: FileRow, defaults: GlobalConfig): RowToAccept {
  if (typeof value === 'string') return rejected('', `${place}: ${value}`, 'InvalidRequest');
  const parsed = parseRow(value, defaults, '');
  if (parsed.ok) return { ...parsed.value, error: null };
  return rejected(idOf(value), `${place}: ${parsed.fault.message}`, parsed.fault.code);
}

const rejected = (consentId: string, message: string, code: string): RowToAccept => ({
  consentId,
  fiDataRangeFrom: null,
  fiDataRangeTo: null,
  configId: null,
  error: rowError(code, message),
});

function idOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || !('consent_id' in value)) return '';
  const { consent_id: id } = value;
  return typeof id === 'string' || typeof id === 'number' ? String(id).slice(0, INVALID_ID_LENGTH) : '';
}
