import { ORGANISATION_ID } from '../clients/client.ts';
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

/** Where the file of a presigned upload lies. */
export const uploadKey = (organisationId: string, referenceId: string, batchId: string): string =>
  `${UPLOADS}${organisationId}/${referenceId}/${batchId}`;

/**
 * Where the report on a dropped file lies: beside it under `drop-reports/`, with `.json` for its ending. A `suffix` keeps a report apart from
 * that of a batch which has the same reference.
 */
export const reportKey = (dropKey: string, suffix = ''): string =>
  `drop-reports/${dropKey.slice(DROP.length).replace(/\.(csv|json)$/i, '')}${suffix}.json`;

/** Reads the key of an object: `uploads/<organisation>/<reference>/<batch>` or `drop/<organisation>/<reference>.csv|json`. */
export function parseObjectKey(key: string): ObjectKey {
  if (key.endsWith('/')) return { kind: 'other' };
  if (key.startsWith(UPLOADS)) return uploadPlace(key.slice(UPLOADS.length).split('/'));
  if (key.startsWith(DROP)) return dropPlace(key.slice(DROP.length).split('/'));
  return { kind: 'other' };
}

function uploadPlace([organisationId = '', referenceId = '', batchId = '', ...rest]: readonly string[]): ObjectKey {
  const isOurs =
    rest.length === 0 && ORGANISATION_ID.test(organisationId) && REFERENCE_ID.test(referenceId) && GUID.test(batchId);
  return isOurs ? { kind: 'upload', organisationId, referenceId, batchId } : { kind: 'other' };
}

function dropPlace([organisationId = '', fileName = '', ...rest]: readonly string[]): ObjectKey {
  const misplaced = (reason: string): ObjectKey => ({ kind: 'misplaced', reason });
  if (rest.length > 0 || fileName === '' || !ORGANISATION_ID.test(organisationId)) {
    return misplaced('a file belongs at drop/<organisationId>/<reference_id>.csv or .json');
  }
  const match = /^(.+)\.(csv|json)$/i.exec(fileName);
  if (!match?.[1]) return misplaced('the name must end with .csv or .json');
  if (!REFERENCE_ID.test(match[1])) {
    return misplaced('the name must be the reference_id: 5 to 60 letters, digits, hyphens and underscores');
  }
  return { kind: 'drop', organisationId, referenceId: match[1], fileName };
}

/** A file in the bucket, in one of its versions. */
export interface StoredFile {
  readonly key: string;
  readonly version: string;
  /** Bytes. */
  readonly size: number;
}

/** The files that come in through the bucket. */
export interface Files {
  read(file: StoredFile): Promise<Uint8Array>;
}

/** Where the drop folder's reports are written. */
export interface Reports {
  write(key: string, report: object): Promise<void>;
}

/** A form that a browser or curl can post a file with, straight to the bucket. */
export interface PresignedForm {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface PresignedForms {
  /** A form for one key, up to `largest` bytes, good for `seconds`. */
  create(key: string, contentType: string | null, largest: number, seconds: number): Promise<PresignedForm>;
}
