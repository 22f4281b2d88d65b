import { ServiceError } from '../platform/errors.ts';
import type { GlobalConfig } from './batch.ts';

/** A file that cannot be read as a whole. `line` counts from 1. */
export const invalidFileContent = (message: string, line?: number): ServiceError =>
  new ServiceError(
    'invalid',
    'InvalidFileContent',
    line === undefined ? message : `Line ${line}: ${message}`,
    line === undefined ? undefined : { line },
  );

const SAVE_AS = 'save the file as UTF-8 without BOM';

/**
 * The text of a file, which must be UTF-8 without NUL characters. Whether it begins with a BOM is left to the format to judge.
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

/** Where the longest part that is UTF-8 ends, found by halving. */
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

/** Whether bytes are UTF-8, but for a character that may be cut at their end. */
function startsWell(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** A row as a file gives it, not looked at yet. `place` names it for people: `Line 7` or `Record 7`. */
export interface FileRow {
  readonly place: string;
  /** The JSON form of the row; a text where the row cannot be read, saying why. */
  readonly value: unknown;
}

/** What a file holds: rows, and global defaults of its own where the format has a place for them. */
export interface FileContent {
  readonly rows: readonly FileRow[];
  /** How many rows the file has; more than `rows` where it has too many. */
  readonly total: number;
  readonly defaults: Partial<GlobalConfig>;
}
