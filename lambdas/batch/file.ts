import { ServiceError } from '../platform/errors.ts';
import { rowError } from '../upstream/failures.ts';
import type { RowToAccept } from './accept.ts';
import { type GlobalConfig, MAXIMUM_ROWS } from './batch.ts';
import { readCsv } from './csv-file.ts';
import type { FileRow } from './file-text.ts';
import { readJsonFile } from './json-file.ts';
import { tooManyRows } from './schedule-batch/handler.ts';
import { parseRow } from './submission.ts';

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

export type FileType = 'csv' | 'json';

/** The largest file that is accepted (seeds, schedule file upload). */
export const MAXIMUM_FILE_BYTES = 10 * 1024 * 1024;
export const MAXIMUM_FILE_MB = 10;

/** Longest `file_name` that is kept (`design.md`, bounds). */
export const FILE_NAME_LENGTH = 255;

const BY_CONTENT_TYPE: Readonly<Record<string, FileType>> = {
  'text/csv': 'csv',
  'application/csv': 'csv',
  'application/json': 'json',
  'text/json': 'json',
};

/** Types that programs give to any file; then the name decides. Spreadsheets register theirs for `.csv`. */
const GENERIC = new Set([
  '',
  'application/octet-stream',
  'binary/octet-stream',
  'text/plain',
  'application/vnd.ms-excel',
]);

/**
 * Whether a file is CSV or JSON: by its content type, or by the ending of its name where the type is a generic one.
 * @throws ServiceError `UnsupportedFileType` with the details of the seed
 */
export function fileTypeOf(contentType: string | null, fileName: string): FileType {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const byName = /\.(csv|json)$/i.exec(fileName)?.[1]?.toLowerCase();
  const found = GENERIC.has(type) ? byName : BY_CONTENT_TYPE[type];
  if (found === 'csv' || found === 'json') return found;
  throw new ServiceError('invalid', 'UnsupportedFileType', 'Only JSON or CSV files are accepted', {
    providedType: type === '' ? 'unknown' : type,
    acceptedTypes: ['application/json', 'text/csv'],
  });
}

/** @throws ServiceError `FileTooLarge` with the details of the seed */
export function checkFileSize(bytes: number): void {
  if (bytes <= MAXIMUM_FILE_BYTES) return;
  throw new ServiceError('too-large', 'FileTooLarge', 'File size exceeds maximum allowed', {
    providedSize: bytes,
    maxSize: MAXIMUM_FILE_BYTES,
    maxSizeMB: MAXIMUM_FILE_MB,
  });
}
