import { shown } from '../platform/characters.ts';
import { ServiceError } from '../platform/errors.ts';
import { rowError } from '../upstream/failures.ts';
import type { FileType } from './batch.ts';
import { readCsv } from './csv-file.ts';
import type { FileRow } from './file-text.ts';
import { readJsonFile } from './json-file.ts';
import {
  MAXIMUM_ROWS,
  NO_PARAMETERS,
  parseRow,
  plainRow,
  type RequestParameters,
  type RowToAccept,
  withDefaults,
} from './submission.ts';

/** A batch read from a file. Rows that failed validation have an error. */
export interface BatchFile {
  readonly rows: readonly RowToAccept[];
  readonly defaults: RequestParameters;
}

/** How much of an invalid id is stored (docs/architecture.md, "The table"). */
const INVALID_ID_LENGTH = 64;

/**
 * Reads the rows of a file. A row that fails validation gets an error that names its line or record; it doesn't affect
 * the others.
 * @param given defaults that came with the file; they win over those in it
 * @throws ServiceError `UnsupportedFileType` when it is of another format, `InvalidFileContent` when it can't be read as
 * a whole, `InvalidRequest` when it has too many rows
 */
export function readBatchFile(bytes: Uint8Array, type: FileType, given: RequestParameters): BatchFile {
  refuseOtherFormats(bytes);
  const content = type === 'csv' ? readCsv(bytes, MAXIMUM_ROWS) : readJsonFile(bytes, MAXIMUM_ROWS);
  const defaults = withDefaults(given, { ...NO_PARAMETERS, ...content.defaults });
  return { rows: content.rows.map((row) => rowOf(row, defaults)), defaults };
}

function rowOf({ label, value }: FileRow, defaults: RequestParameters): RowToAccept {
  if (typeof value === 'string') return rejected('', `${label}: ${value}`, 'InvalidRequest');
  const parsed = parseRow(value, defaults, '');
  if (parsed.ok) return { ...parsed.value, error: null };
  const { fault, others } = parsed;
  const told = [fault, ...others].map(({ message }) => message).join('; ');
  return rejected(idOf(value), `${label}: ${told}`, fault.code);
}

const rejected = (consentId: string, message: string, code: string): RowToAccept => ({
  ...plainRow(consentId),
  error: rowError(code, message),
});

function idOf(value: unknown): string {
  if (typeof value !== 'object' || value === null || !('consent_id' in value)) return '';
  const { consent_id: id } = value;
  return typeof id === 'string' || typeof id === 'number' ? String(id).slice(0, INVALID_ID_LENGTH) : '';
}

/** Maximum size of a file (docs/spec/upload-batch.md, "Files"). */
export const MAXIMUM_FILE_BYTES = 10 * 1024 * 1024;
export const MAXIMUM_FILE_MB = 10;

/** Maximum length of a `file_name` (docs/architecture.md, "The table"). */
export const FILE_NAME_LENGTH = 255;

const BY_CONTENT_TYPE: Readonly<Record<string, FileType>> = {
  'text/csv': 'csv',
  'application/csv': 'csv',
  'application/json': 'json',
  'text/json': 'json',
};

/** Types that programs use for any file; then the name decides. Excel registers its own for `.csv`. */
const GENERIC = new Set([
  '',
  'application/octet-stream',
  'binary/octet-stream',
  'text/plain',
  'application/vnd.ms-excel',
]);

/**
 * Whether a file is CSV or JSON: by its content type, or by its extension where the type is generic.
 * @throws ServiceError `UnsupportedFileType` with the details of docs/spec/upload-batch.md
 */
export function fileTypeOf(contentType: string | null, fileName: string): FileType {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const byName = /\.(csv|json)$/i.exec(fileName)?.[1]?.toLowerCase();
  const found = GENERIC.has(type) ? byName : BY_CONTENT_TYPE[type];
  if (found === 'csv' || found === 'json') return found;
  throw unsupported(type === '' ? 'unknown' : type);
}

const unsupported = (providedType: string, told = ''): ServiceError =>
  new ServiceError('invalid', 'UnsupportedFileType', `Only JSON or CSV files are accepted${told}`, {
    providedType: shown(providedType, 128),
    acceptedTypes: ['application/json', 'text/csv'],
  });

const SAVE = 'save it as CSV or JSON, in UTF-8 without BOM';
const UNPACK = 'unpack it first';
const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/** Formats that come under the name of a CSV file, by their first bytes in hex; the first match wins. */
const OTHER_FORMATS = [
  { begins: '1f8b', type: 'application/gzip', told: `a gzip file; ${UNPACK}` },
  // The first entry of an Office file, after the 30 bytes of its header (ECMA-376-2).
  { begins: '504b0304', entry: '[Content_Types].xml', type: XLSX, told: `an Excel workbook; ${SAVE}` },
  { begins: '504b0304', type: 'application/zip', told: `a zip file; ${UNPACK}` },
  { begins: 'd0cf11e0a1b11ae1', type: 'application/vnd.ms-excel', told: `an Excel workbook; ${SAVE}` },
  { begins: '255044462d', type: 'application/pdf', told: `a PDF; ${SAVE}` },
] as const;

/**
 * Refuses what only has the name of a CSV or JSON file. None of these begins like text.
 * @throws ServiceError `UnsupportedFileType`, which says what it is
 */
function refuseOtherFormats(bytes: Uint8Array): void {
  const first = Buffer.from(bytes.subarray(0, 64));
  const found = OTHER_FORMATS.find(
    ({ begins, ...format }) =>
      first.toString('hex').startsWith(begins) && (!('entry' in format) || first.includes(format.entry, 30)),
  );
  if (found) throw unsupported(found.type, `; this is ${found.told}`);
}

/** @throws ServiceError `FileTooLarge` with the details of docs/spec/upload-batch.md */
export function checkFileSize(bytes: number): void {
  if (bytes <= MAXIMUM_FILE_BYTES) return;
  throw new ServiceError('too-large', 'FileTooLarge', 'File size exceeds maximum allowed', {
    providedSize: bytes,
    maxSize: MAXIMUM_FILE_BYTES,
    maxSizeMB: MAXIMUM_FILE_MB,
  });
}
