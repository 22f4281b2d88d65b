import { CsvError, parse } from 'csv-parse/sync';
import { shown } from '../platform/characters.ts';
import { folded } from '../platform/field-names.ts';
import { type FileContent, type FileRow, fileText, invalidFileContent, SAVE_AS } from './file-text.ts';

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
}

/** What a header says: how many columns there are, and where each stands that we read. */
interface Header {
  readonly width: number;
  readonly read: readonly { readonly field: string; readonly index: number }[];
}

/**
 * Reads a CSV file (docs/spec/upload-batch.md, "Files"). Columns come in any order, empty cells mean the defaults,
 * lines without a value are skipped. Keeps at most `maximum` rows and counts the rest.
 * @throws ServiceError `InvalidFileContent`, with the line and what to do about it
 */
export function readCsv(bytes: Uint8Array, maximum: number): FileContent {
  const { text, hasBom } = fileText(bytes);
  if (hasBom) throw invalidFileContent(`the file starts with a byte order mark (BOM); ${SAVE_AS}`, 1);
  let header: Header | undefined;
  let total = 0;
  const rows: FileRow[] = [];
  // Takes rows as they are parsed, so that no second copy of a large file builds up.
  parseLines(text, ({ cells, number }) => {
    const width = cells.findLastIndex((cell) => cell.trim() !== '') + 1;
    if (width === 0) return;
    if (!header) {
      header = headerOf(cells, number, text);
      return;
    }
    total += 1;
    if (total <= maximum) rows.push({ label: `Line ${number}`, value: rowValue(cells, width, header) });
  });
  if (!header) throw invalidFileContent('the file is empty; it needs a header row and at least one row below it', 1);
  if (total === 0) throw invalidFileContent('the file has no rows below its header');
  return { rows, total, defaults: {} };
}

function parseLines(text: string, take: (line: Line) => void): void {
  let isBegun = false;
  try {
    parse(text, {
      record_delimiter: ['\r\n', '\n', '\r'],
      skip_empty_lines: true,
      trim: true,
      relax_column_count: true,
      on_record: (cells: string[], { lines }) => {
        isBegun = true;
        take({ cells, number: lines });
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
      `the header row has no column consentId, but ${shown(names.join(', '), 200)}; the first line must name the columns`,
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
