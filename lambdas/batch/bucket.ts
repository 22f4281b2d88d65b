import { ORGANISATION_ID } from '../clients/client.ts';
import { withInvisible } from '../platform/characters.ts';
import { GUID, REFERENCE_ID } from './submission.ts';

/** What a key of the bucket means. */
export type ObjectKey =
  | {
      readonly kind: 'upload';
      readonly organisationId: string;
      readonly referenceId: string;
      readonly batchId: string;
    }
  | { readonly kind: 'drop'; readonly organisationId: string; readonly referenceId: string; readonly fileName: string }
  | { readonly kind: 'misplaced'; readonly reason: string }
  | { readonly kind: 'other' };

const DROP = 'drop/';
const UPLOADS = 'uploads/';

/** The key of a presigned upload's file. */
export const uploadKey = (organisationId: string, referenceId: string, batchId: string): string =>
  `${UPLOADS}${organisationId}/${referenceId}/${batchId}`;

/**
 * The key of the report on a dropped file: the same under `drop-reports/`, ending in `.json`. A `suffix` tells a report
 * from that of the batch with the same reference, and so does the name of a file without an ending, which may be that
 * reference; none has a dot.
 */
export function reportKey(dropKey: string, suffix = ''): string {
  const name = dropKey.slice(DROP.length).replace(/(?<=^|\/)[^./]+$/, '$&.rejected');
  return `drop-reports/${name.replace(/\.(csv|json)$/i, '')}${suffix}.json`;
}

/**
 * Reads the key of an object: `uploads/<organisation>/<reference>/<batch>` or
 * `drop/<organisation>/<reference>.csv|json`.
 */
export function parseObjectKey(key: string): ObjectKey {
  if (key.endsWith('/')) return { kind: 'other' };
  if (key.startsWith(UPLOADS)) return uploadObject(key.slice(UPLOADS.length).split('/'));
  if (key.startsWith(DROP)) return dropObject(key.slice(DROP.length).split('/'));
  return { kind: 'other' };
}

function uploadObject([organisationId = '', referenceId = '', batchId = '', ...rest]: readonly string[]): ObjectKey {
  const isOurs =
    rest.length === 0 && ORGANISATION_ID.test(organisationId) && REFERENCE_ID.test(referenceId) && GUID.test(batchId);
  return isOurs ? { kind: 'upload', organisationId, referenceId, batchId } : { kind: 'other' };
}

function dropObject([organisationId = '', fileName = '', ...rest]: readonly string[]): ObjectKey {
  const misplaced = (reason: string): ObjectKey => ({ kind: 'misplaced', reason });
  if (rest.length > 0 || fileName === '' || !ORGANISATION_ID.test(organisationId)) {
    return misplaced('Put the file at drop/<organisationId>/<reference_id>.csv or .json.');
  }
  const match = /^(.+)\.(csv|json)$/i.exec(fileName);
  if (!match?.[1]) return misplaced('The file name must end in .csv or .json.');
  if (!REFERENCE_ID.test(match[1])) {
    const rule =
      'The file name must be the reference_id, 5 to 60 letters, digits, hyphens and underscores, and .csv or .json';
    return misplaced(`${withInvisible(rule, match[1])}.`);
  }
  return { kind: 'drop', organisationId, referenceId: match[1], fileName };
}

/** One version of a file in the bucket. */
export interface StoredFile {
  readonly key: string;
  readonly version: string;
  /** Bytes. */
  readonly size: number;
}

/** The files that come in through the bucket. */
export interface FileStore {
  read(file: StoredFile): Promise<Uint8Array>;
}

/** Files that wait to be read, fairly between organisations. */
export interface FileQueue {
  send(file: StoredFile, organisationId: string): Promise<void>;
}

/** The drop folder's reports. */
export interface ReportStore {
  write(key: string, report: object): Promise<void>;
}

/** A form with which a browser or curl posts a file straight to the bucket. */
export interface PresignedForm {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface UploadPresigner {
  /** A form for one key and up to `largest` bytes, valid for `seconds`. */
  presign(key: string, contentType: string | null, largest: number, seconds: number): Promise<PresignedForm>;
}
