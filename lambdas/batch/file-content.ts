import { CsvError, parse } from 'csv-parse/sync';
import { ServiceError } from '../platform/errors.ts';
import { parseDefaults, type RequestParameters } from './submission.ts';

/** A row as its file has it, not validated yet. `label` names it for people: `Line 7` or `Record 7`. */
export interface FileRow {
  readonly label: string;
  /** The row as the JSON API has it; a string that says why, where the row can't be read. */
  readonly value: unknown;
}

/** What a file holds: rows, and global defaults where its format has a place for them. */
export interface FileContent {
  readonly rows: readonly FileRow[];
  /** The number of rows in the file; more than `rows` where it has too many. */
  readonly total: number;
  readonly defaults: Partial<RequestParameters>;
}

/** A file that can't be read as a whole. `line` counts from 1. */
const invalidFileContent = (message: string, line?: number): ServiceError =>
  new ServiceError(
    'invalid',
    'InvalidFileContent',
    line === undefined ? message : `Line ${line}: ${message}`,
    line === undefined ? undefined : { line },
  );

/** The columns we read, and the field of the JSON API for each. Other columns are ignored. */
const COLUMNS: ReadonlyMap<string, string> = new Map([
  ['consentId', 'consent_id'],
  ['fiDataRangeFrom', 'fiDataRangeFrom'],
  ['fiDataRangeTo', 'fiDataRangeTo'],
  ['configId', 'configId'],
]);

interface Line {
  readonly cells: readonly string[];
  readonly number: number;
}

/**
 * Reads a CSV file (docs/spec/upload-batch.md, "Files"). Columns come in any order, empty cells mean the defaults,
 * blank lines are skipped. Keeps at most `maximum` rows and counts the rest.
 * @throws ServiceError `InvalidFileContent`, with the line and what to do about it
 */
export function readCsv(bytes: Uint8Array, maximum: number): FileContent {
  const { text, hasBom } = fileText(bytes);
  if (hasBom) throw invalidFileContent(`the file starts with a byte order mark (BOM); ${SAVE_AS}`, 1);
  let header: readonly (string | undefined)[] | undefined;
  let width = 0;
  let total = 0;
  const rows: FileRow[] = [];
  // Takes rows as they are parsed, so that no second copy of a large file builds up.
  parseLines(text, ({ cells, number }) => {
    if (!header) {
      header = fieldsOf(cells, number);
      width = cells.length;
      return;
    }
    total += 1;
    if (total <= maximum) rows.push({ label: `Line ${number}`, value: rowValue(cells, header, width) });
  });
  if (!header) throw invalidFileContent('the file is empty; it needs a header row and at least one row below it', 1);
  if (total === 0) throw invalidFileContent('the file has no rows below its header');
  return { rows, total, defaults: {} };
}

function parseLines(text: string, take: (line: Line) => void): void {
  try {
    parse(text, {
      record_delimiter: ['\r\n', '\n', '\r'],
      skip_empty_lines: true,
      trim: true,
      relax_column_count: true,
      on_record: (cells: string[], { lines }) => {
        take({ cells, number: lines });
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = typeof error['lines'] === 'number' ? error['lines'] : undefined;
    throw invalidFileContent(
      'the quotes do not match; put the value in double quotes, and double each quote inside it',
      line,
    );
  }
}

/** The field of each column; undefined for a column that isn't read. */
function fieldsOf(names: readonly string[], line: number): (string | undefined)[] {
  if (!names.includes('consentId')) {
    const other = /[;\t|]/.exec(names.join(''))?.[0];
    throw invalidFileContent(
      other === undefined
        ? 'the header row has no consentId column; the first line must name the columns'
        : 'the columns are not separated by commas; save the file with commas as the delimiter',
      line,
    );
  }
  const twice = names.find((name, index) => COLUMNS.has(name) && names.indexOf(name) !== index);
  if (twice !== undefined) throw invalidFileContent(`the column ${twice} appears twice; keep one`, line);
  return names.map((name) => COLUMNS.get(name));
}

function rowValue(cells: readonly string[], header: readonly (string | undefined)[], width: number): unknown {
  if (cells.length > width) {
    return `the row has ${cells.length} values for ${width} columns; put a value that has commas in quotes`;
  }
  const row: Record<string, string> = {};
  header.forEach((field, index) => {
    const cell = cells[index];
    if (field !== undefined && cell) row[field] = cell;
  });
  return row;
}

/**
 * Reads a JSON file: an array of rows, or an object with a `consents_list` and global defaults
 * (docs/spec/upload-batch.md, "Files"). Rows name their consent `consent_id` or `consentId`. Keeps at most `maximum`
 * rows and counts the rest.
 * @throws ServiceError `InvalidFileContent`
 */
export function readJsonFile(bytes: Uint8Array, maximum: number): FileContent {
  const content = parseJson(fileText(bytes).text);
  if (Array.isArray(content)) return contentOf(content, maximum, {});
  if (typeof content !== 'object' || content === null || !('consents_list' in content)) {
    throw invalidFileContent('the file must be an array of rows, or an object with a consents_list');
  }
  if (!Array.isArray(content.consents_list)) throw invalidFileContent('consents_list must be an array of rows');
  const defaults = parseDefaults(content);
  if (!defaults.ok) throw invalidFileContent(defaults.fault.message);
  return contentOf(content.consents_list, maximum, defaults.value);
}

function contentOf(list: readonly unknown[], maximum: number, defaults: FileContent['defaults']): FileContent {
  if (list.length === 0) throw invalidFileContent('the file has no rows');
  const rows = list
    .slice(0, maximum)
    .map((value, index) => ({ label: `Record ${index + 1}`, value: withConsentId(value) }));
  return { rows, total: list.length, defaults };
}

/**
 * The row with its consent named as in the JSON API, or a string that says why it isn't a row. `consent_id` wins over
 * `consentId`.
 */
function withConsentId(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'the row must be an object with a consent_id';
  }
  if (!('consentId' in value) || 'consent_id' in value) return value;
  return { ...value, consent_id: value.consentId };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const position = /position (\d+)/.exec(String(error))?.[1];
    const line = position === undefined ? undefined : text.slice(0, Number(position)).split('\n').length;
    throw invalidFileContent('the file is not valid JSON', line);
  }
}

const SAVE_AS = 'save it as UTF-8 without BOM';

/**
 * The text of a file, which must be UTF-8 without NUL characters. Each format decides about a BOM.
 * @throws ServiceError `InvalidFileContent`, with the line
 */
function fileText(bytes: Uint8Array): { readonly text: string; readonly hasBom: boolean } {
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
