import { ServiceError } from '../platform/errors.ts';
import type { RequestParameters } from './submission.ts';

/** A row as its file has it, not validated yet. `label` names it for people: `Line 7` or `Record 7`. */
export interface FileRow {
  readonly label: string;
  /** The row as the JSON API has it; a string that says why, where the row can't be read. */
  readonly value: unknown;
}

/** What a file holds: rows, and global defaults where its format has a place for them. */
export interface FileContent {
  readonly rows: readonly FileRow[];
  readonly defaults: Partial<RequestParameters>;
}

/** A file that can't be read as a whole. `line` counts from 1. */
export const invalidFileContent = (message: string, line?: number): ServiceError =>
  new ServiceError(
    'invalid',
    'InvalidFileContent',
    line === undefined ? message : `Line ${line}: ${message}`,
    line === undefined ? undefined : { line },
  );

export const SAVE_AS = 'save it as UTF-8 without BOM';

/**
 * The text of a file, which must be UTF-8 without NUL characters. Each format decides about a BOM.
 * @throws ServiceError `InvalidFileContent`, with the line
 */
export function fileText(bytes: Uint8Array): { readonly text: string; readonly hasBom: boolean } {
  const [first, second, third] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    throw invalidFileContent(`the file is UTF-16; ${SAVE_AS}`, 1);
  }
  const nul = bytes.indexOf(0);
  if (nul >= 0) throw invalidFileContent(`the file has a NUL character; ${SAVE_AS}`, lineAt(bytes, nul));
  const hasBom = first === 0xef && second === 0xbb && third === 0xbf;
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), hasBom };
  } catch {
    throw invalidFileContent(`the file is not UTF-8; ${SAVE_AS}`, lineAt(bytes, firstBadByte(bytes)));
  }
}

const lineAt = (bytes: Uint8Array, end: number): number =>
  bytes.subarray(0, end).reduce((lines, byte) => lines + (byte === 0x0a ? 1 : 0), 1);

/** Where the longest part that is UTF-8 ends, found by bisection. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (startsWell(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

/** Whether bytes are UTF-8, except for a character that may be cut off at the end. */
function startsWell(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
