import { CsvError, parse } from 'csv-parse/sync';
import type { FileContent, FileRow } from './file-text.ts';
import { fileText, invalidFileContent } from './file-text.ts';

/** The columns that are read; others are ignored. The name of a row's field in the JSON form is on the right. */
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
 * Reads a CSV file by the rules of the seed (schedule file upload, "CSV Rules"). Columns may stand in any order; empty cells mean the
 * defaults; blank lines are skipped. Keeps at most `most` rows and counts the rest.
 * @throws ServiceError `InvalidFileContent`, with the line and what to do about it
 */
export function readCsv(bytes: Uint8Array, most: number): FileContent {
  const { text, hasBom } = fileText(bytes);
  if (hasBom) throw invalidFileContent('the file begins with a byte order mark (BOM); save it as UTF-8 without BOM', 1);
  let header: readonly (string | undefined)[] | undefined;
  let width = 0;
  let total = 0;
  const rows: FileRow[] = [];
  // Rows are taken as they are parsed, so that no second copy of a large file builds up.
  parseLines(text, ({ cells, number }) => {
    if (!header) {
      header = fieldsOf(cells, number);
      width = cells.length;
      return;
    }
    total += 1;
    if (total <= most) rows.push({ place: `Line ${number}`, value: rowValue(cells, header, width) });
  });
  if (!header) throw invalidFileContent('the file is empty; it needs a header row and at least one row below', 1);
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
      'the quotes are broken; wrap a value in double quotes, and write a quote within it twice',
      line,
    );
  }
}

/** The field of each column, undefined for one that is not read. */
function fieldsOf(names: readonly string[], line: number): (string | undefined)[] {
  if (!names.includes('consentId')) {
    const other = /[;\t|]/.exec(names.join(''))?.[0];
    throw invalidFileContent(
      other === undefined
        ? 'the header row has no column consentId; the first line must name the columns'
        : 'the columns are not separated by commas; save the file with commas as delimiter',
      line,
    );
  }
  const twice = names.find((name, index) => COLUMNS.has(name) && names.indexOf(name) !== index);
  if (twice !== undefined) throw invalidFileContent(`the column ${twice} is there twice; keep one`, line);
  return names.map((name) => COLUMNS.get(name));
}

function rowValue(cells: readonly string[], header: readonly (string | undefined)[], width: number): unknown {
  if (cells.length > width) {
    return `the row has ${cells.length} values for ${width} columns; wrap a value with commas in quotes`;
  }
  const row: Record<string, string> = {};
  header.forEach((field, index) => {
    const cell = cells[index];
    if (field !== undefined && cell) row[field] = cell;
  });
  return row;
}
