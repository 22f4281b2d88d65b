import { ServiceError } from '../errors.ts';

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
