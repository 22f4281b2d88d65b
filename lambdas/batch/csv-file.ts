import { CsvError, parse } from 'csv-parse/sync';
import { shown } from '../platform/characters.ts';
import { folded } from '../platform/field-names.ts';
import { type FileContent, type FileRow, fileText, invalidFileContent, SAVE_AS } from './file-text.ts';
import { tooManyRows } from './submission.ts';

/** The columns we read, by their folded names, and the field of the JSON API for each. Other columns are ignored. */
const COLUMNS: ReadonlyMap<string, string> = new Map(
  [
    ['consentId', 'consent_id'],
    ['fiDataRangeFrom', 'fiDataRangeFrom'],
    ['fiDataRangeTo', 'fiDataRangeTo'],
    ['configId', 'configId'],
  ].map(([name = '', field = '']) => [folded(name), field]),
);
const CONSENT = folded('consentId');

/** Nobody needs more. A header costs its bytes once, and none of them again for each row. */
const MAX_COLUMNS = 100;

interface Line {
  readonly cells: readonly string[];
  readonly number: number;
  /** The byte after it. */
  readonly end: number;
}

/** What a header says: how many columns there are, and where each stands that we read. */
interface Header {
  readonly width: number;
  readonly read: readonly { readonly field: string; readonly index: number }[];
}

/**
 * Reads a CSV file (docs/spec/upload-batch.md, "Files"). Columns come in any order, empty cells mean the defaults,
 * lines without a value are skipped. Ends at the first row beyond `maximum`.
 * @throws ServiceError `InvalidFileContent`, with the line and what to do about it; `InvalidRequest` when there are too
 * many rows
 */
export function readCsv(bytes: Uint8Array, maximum: number): FileContent {
  const { text, hasBom } = fileText(bytes);
  if (hasBom) throw invalidFileContent(`the file starts with a byte order mark (BOM); ${SAVE_AS}`, 1);
  let header: Header | undefined;
  let firstLength: number | undefined;
  let ragged = 0;
  const rows: FileRow[] = [];
  // Takes rows as they are parsed, so that no second copy of a large file builds up.
  parseLines(text, ({ cells, number, end }) => {
    firstLength ??= cells.length;
    // The parser makes an error of each line of another length, and doesn't use it: forty times the work of a line.
    if (cells.length !== firstLength) ragged += 1;
    if (ragged > 2 * maximum) {
      throw invalidFileContent(
        'too many lines have another number of values than the first; remove empty lines',
        number,
      );
    }
    const width = cells.findLastIndex((cell) => cell.trim() !== '') + 1;
    if (width === 0) return;
    if (!header) {
      header = headerOf(cells, number, text);
      return;
    }
    if (rows.length === maximum) throw tooManyRows('file', maximum + 1 + countRows(bytes.subarray(end)));
    rows.push({ label: `Line ${number}`, value: rowValue(cells, width, header) });
  });
  if (!header) throw invalidFileContent('the file is empty; it needs a header row and at least one row below it', 1);
  if (rows.length === 0) throw invalidFileContent('the file has no rows below its header');
  return { rows, defaults: {} };
}

/** Bytes that are no value. */
const NO_VALUE = new Set(Buffer.from(' \t,"'));

/** How many lines have a value, by their bytes alone: a line break in quotes makes two of one. */
function countRows(bytes: Uint8Array): number {
  let rows = 0;
  let hasValue = false;
  for (const byte of bytes) {
    if (byte !== 0x0a && byte !== 0x0d) hasValue ||= !NO_VALUE.has(byte);
    else if (hasValue) {
      rows += 1;
      hasValue = false;
    }
  }
  return hasValue ? rows + 1 : rows;
}

function parseLines(text: string, take: (line: Line) => void): void {
  let isBegun = false;
  try {
    parse(text, {
      record_delimiter: ['\r\n', '\n', '\r'],
      skip_empty_lines: true,
      trim: true,
      relax_column_count: true,
      on_record: (cells: string[], { lines, bytes }) => {
        isBegun = true;
        take({ cells, number: lines, end: bytes });
        return null;
      },
    });
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // Quotes beside another delimiter look as if they were broken.
    if (!isBegun) refuseOtherDelimiter(text);
    const line = typeof error['lines'] === 'number' ? error['lines'] : undefined;
    throw invalidFileContent(
      'the quotes do not match; put the value in double quotes, and double each quote inside it',
      line,
    );
  }
}

function headerOf(names: readonly string[], line: number, text: string): Header {
  if (names.length > MAX_COLUMNS) {
    throw invalidFileContent(
      `the file has ${names.length} columns, and at most ${MAX_COLUMNS} are read; leave out those that are not needed`,
      line,
    );
  }
  const keys = names.map(folded);
  if (!keys.includes(CONSENT)) {
    refuseOtherDelimiter(text);
    throw invalidFileContent(
      `the header row has no column consentId; it names ${shown(names.join(', '), 200)}. The first line must name the columns`,
      line,
    );
  }
  const read = keys.flatMap((key, index) => {
    const field = COLUMNS.get(key);
    const first = keys.indexOf(key);
    if (field === undefined) return [];
    if (first === index) return [{ field, index }];
    const [one, other] = [names[first], names[index]];
    const same = one === other ? `the column ${one} appears twice` : `the columns ${one} and ${other} are the same`;
    throw invalidFileContent(`${same}; keep one`, line);
  });
  return { width: names.length, read };
}

const DELIMITERS = [
  [';', 'semicolons'],
  ['\t', 'tabs'],
  ['|', 'vertical bars'],
] as const;

/** Refuses a file whose header is one with another delimiter than the comma. */
function refuseOtherDelimiter(text: string): void {
  // A header that is longer than this has too many columns.
  const lines = text.slice(0, 64 * 1024).split(/\r\n|\n|\r/);
  const index = lines.findIndex((each) => each.trim() !== '');
  const isHeader = (delimiter: string): boolean =>
    (lines[index] ?? '').split(delimiter).some((name) => folded(name.replaceAll('"', '')) === CONSENT);
  const found = DELIMITERS.find(([delimiter]) => isHeader(delimiter));
  if (!found) return;
  throw invalidFileContent(
    `the columns are separated by ${found[1]}, not by commas; save the file with commas as the delimiter`,
    index + 1,
  );
}

/** The row as the JSON API has it. Walks the columns that are read, not those that the header or the line has. */
function rowValue(cells: readonly string[], width: number, header: Header): unknown {
  if (width > header.width) {
    const columns = header.width === 1 ? '1 column' : `${header.width} columns`;
    return `the row has ${width} values for ${columns}; put a value that has commas in quotes`;
  }
  const row: Record<string, string> = {};
  for (const { field, index } of header.read) {
    const cell = cells[index]?.trim();
    if (cell) row[field] = cell;
  }
  return row;
}
