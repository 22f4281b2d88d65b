import { describe, expect, test } from 'vitest';
import { readCsv } from '#lambdas/batch/csv-file.ts';
import { readBatchFile } from '#lambdas/batch/file.ts';
import { NO_PARAMETERS } from '#lambdas/batch/submission.ts';
import { ServiceError } from '#lambdas/platform/errors.ts';
import { mustExist } from '#test/world/builders.ts';
import { workOf } from '#test/world/work.ts';

const CONSENT = '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7';

const read = (text: string) => readBatchFile(Buffer.from(text), 'csv', NO_PARAMETERS).rows;

/** What a file is refused with; null when it is read. */
function attempt(text: string): { readonly code: string; readonly message: string } | null {
  try {
    read(text);
    return null;
  } catch (error) {
    if (error instanceof ServiceError) return { code: error.code, message: error.message };
    throw error;
  }
}
const refusalOf = (text: string) => mustExist(attempt(text), 'a refusal');

describe('the header of a CSV file', () => {
  test.each(['consentId', 'consent_id', 'Consent ID', 'CONSENTID', 'consent-id', ' consentid '])(
    'may call the column %s',
    (name) => {
      expect(read(`note,${name}\nhello,${CONSENT}\n`)).toMatchObject([{ consentId: CONSENT, error: null }]);
    },
  );

  test('names the other columns as freely, so that none is left out for its spelling', () => {
    const header = 'consentid,fidatarangefrom,FI_Data_Range_To,Config ID';
    expect(read(`${header}\n${CONSENT},2024-01-01,2024-06-30,c\n`)).toMatchObject([
      { consentId: CONSENT, fiDataRangeFrom: '2024-01-01', fiDataRangeTo: '2024-06-30', configId: 'c' },
    ]);
  });

  test('without the column is shown as it was seen', () => {
    const { code, message } = refusalOf('consent,from\u200b,to\na,b,c\n');
    expect(code).toBe('InvalidFileContent');
    expect(message).toMatch(/^Line 1: .*no column consentId.*consent, fromU\+200B, to/);
  });

  test('with a column twice, however spelt, is refused', () => {
    expect(refusalOf(`consentId,consent_id\n${CONSENT},${CONSENT}\n`)).toEqual({
      code: 'InvalidFileContent',
      message: 'Line 1: the columns consentId and consent_id are the same; keep one',
    });
  });

  test.each([
    ['semicolons', 'consentId;configId', /semicolons, not by commas/],
    ['semicolons and quotes', '"consentId";"configId"', /semicolons, not by commas/],
    ['tabs', 'consent_id\tconfigId', /tabs, not by commas/],
    ['bars', '"Consent ID"|"configId"', /vertical bars, not by commas/],
  ])('with %s is told so, and not that its quotes are broken', (_, header, told) => {
    const { code, message } = refusalOf(`\n${header}\n"${CONSENT}";"a, b"\n`);
    expect(code).toBe('InvalidFileContent');
    expect(message).toMatch(/^Line 2: /);
    expect(message).toMatch(told);
  });

  test('has at most 100 columns', () => {
    expect(read(`consentId${',x'.repeat(99)}\n${CONSENT}\n`)).toHaveLength(1);
    expect(refusalOf(`consentId${',x'.repeat(100)}\n${CONSENT}\n`)).toEqual({
      code: 'InvalidFileContent',
      message: 'Line 1: the file has 101 columns, and at most 100 are read; leave out those that are not needed',
    });
  });
});

describe('the work of reading a CSV file', () => {
  const workOfFiles = (...texts: readonly string[]) =>
    workOf(
      ['/lambdas/', 'csv-parse'],
      texts.map((text) => () => void attempt(text)),
    );
  const rows = 'a\n'.repeat(500);

  test('does not grow with columns that no row has: a header must not be walked again for each row', async () => {
    const [narrow = 0, wide = 0] = await workOfFiles(`consentId,\n${rows}`, `consentId${','.repeat(99)}\n${rows}`);
    expect(narrow).toBeGreaterThan(500);
    expect(wide / narrow).toBeLessThan(1.25);
  });

  const MAXIMUM = 100;
  const stopped = (text: string) => () => {
    expect(() => readCsv(Buffer.from(text), MAXIMUM)).toThrow(ServiceError);
  };

  test.each([
    ['rows than a batch may have', `consentId\n${'a\n'.repeat(150)}`, 'a\n'.repeat(2_000)],
    ['rows that are shorter than the header', `consentId,\n${'a\n'.repeat(150)}`, 'a\n'.repeat(2_000)],
    ['empty lines of another length', `consentId\n${',\n'.repeat(250)}`, ',\n'.repeat(2_000)],
    ['empty lines of another length than a first one', `,,\nconsentId\n${',\n'.repeat(250)}`, ',\n'.repeat(2_000)],
  ])('ends where there are more %s', async (_, text, more) => {
    const [some = 0, many = 0] = await workOf(['csv-parse'], [stopped(text), stopped(text + more)]);
    expect(some).toBeGreaterThan(100);
    expect(many / some).toBeLessThan(1.25);
  });

  test('counts the rows that it leaves', () => {
    expect(refusalOf(`consentId\n${`${CONSENT}\r\n\r\n`.repeat(12_345)}${CONSENT}`)).toEqual({
      code: 'InvalidRequest',
      message: 'file cannot exceed 10,000 records',
    });
    try {
      read(`consentId\n${`${CONSENT}\r\n\r\n`.repeat(12_345)}${CONSENT}`);
    } catch (error) {
      expect(error).toMatchObject({ details: { field: 'file', provided: 12_346, max: 10_000 } });
    }
    expect.assertions(2);
  });

  test('is done for empty lines as long as the others, which spreadsheets leave by the thousand', () => {
    expect(read(`consentId,configId\n${CONSENT},\n${',\n'.repeat(50_000)}`)).toHaveLength(1);
  });
});

describe('a line of a CSV file', () => {
  test('that is all empty is a blank line', () => {
    expect(read(`consentId,configId\n,\n${CONSENT},c\n,,,,\n "" , \n`)).toHaveLength(1);
  });

  test('may have empty cells beyond the last column, as spreadsheets write them', () => {
    expect(read(`consentId,configId\n${CONSENT},c,,,\n`)).toMatchObject([{ consentId: CONSENT, error: null }]);
  });

  test('with a value beyond the last column is not valid', () => {
    expect(read(`consentId\n${CONSENT},,x\n`)[0]?.error?.message).toMatch(/^Line 2: the row has 3 values for 1 column/);
  });
});
