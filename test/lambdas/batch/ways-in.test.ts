import { describe, expect, test } from 'vitest';
import { parseObjectKey } from '#lambdas/batch/bucket.ts';
import { parseUploadRequest } from '#lambdas/batch/create-upload/handler.ts';
import { readBatchFile } from '#lambdas/batch/file.ts';
import { parseScheduleRequest } from '#lambdas/batch/schedule-batch/handler.ts';
import { NO_PARAMETERS, type SubmittedRow } from '#lambdas/batch/submission.ts';
import { parseUploadFields } from '#lambdas/batch/upload-fields.ts';
import { ServiceError } from '#lambdas/platform/errors.ts';
import { parseFiStatusQuery } from '#lambdas/upstream/fi-request-status/handler.ts';

// The same value means the same by whichever way it comes in.

const CONSENT = '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7';
type Values = Readonly<Record<string, string>>;

const quoted = (values: readonly string[]): string => values.map((value) => `"${value}"`).join(',');
const fileRow = (text: string, type: 'csv' | 'json'): SubmittedRow => {
  const [row] = readBatchFile(Buffer.from(text), type, NO_PARAMETERS).rows;
  if (!row || row.error) throw new Error(row?.error?.message ?? 'no row');
  return row;
};
const scheduled = (body: object) => parseScheduleRequest({ reference_id: 'reference', ...body });

/** How a row with its own values comes in. */
const ROWS: Readonly<Record<string, (consent: string, own: Values) => SubmittedRow | undefined>> = {
  'JSON API': (consent, own) => scheduled({ consents_list: [{ consent_id: consent, ...own }] }).rows[0],
  'CSV file': (consent, own) =>
    fileRow(`${quoted(['consentId', ...Object.keys(own)])}\n${quoted([consent, ...Object.values(own)])}`, 'csv'),
  'JSON file': (consent, own) => fileRow(JSON.stringify([{ consentId: consent, ...own }]), 'json'),
};

/** How defaults come in. */
const DEFAULTS: Readonly<Record<string, (values: Values) => object>> = {
  'JSON API': (values) => scheduled({ consents_list: [{ consent_id: CONSENT }], ...values }).defaults,
  form: (values) => parseUploadFields(values).defaults,
  'global_config of a form': (values) => parseUploadFields({ global_config: JSON.stringify(values) }).defaults,
  'presigned form': (values) => parseUploadRequest({ file_name: 'a.csv', ...values }).defaults,
  'JSON file': (values) =>
    readBatchFile(
      Buffer.from(JSON.stringify({ ...values, consents_list: [{ consentId: CONSENT }] })),
      'json',
      NO_PARAMETERS,
    ).defaults,
};

function refusalOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof Error) return error.message;
  }
  throw new Error('it was taken');
}

describe.each(Object.entries(ROWS))('a row of a %s', (_, take) => {
  test('loses the white space around its values', () => {
    const own = { configId: '  sp  ', fiDataRangeFrom: ' 2024-01-01', fiDataRangeTo: '2024-01-31\t' };
    expect(take(` ${CONSENT}\n`, own)).toMatchObject({
      consentId: CONSENT,
      configId: 'sp',
      fiDataRangeFrom: '2024-01-01',
      fiDataRangeTo: '2024-01-31',
    });
  });

  test.each([
    ['consent_id', `\u200b${CONSENT}`, {}, 'U+200B (zero-width space) at position 1'],
    ['consent_id', `${CONSENT.slice(0, 8)}\u00ad${CONSENT.slice(8)}`, {}, 'U+00AD (soft hyphen) at position 9'],
    ['fiDataRangeFrom', CONSENT, { fiDataRangeFrom: '2024-01-01\u2060' }, 'U+2060 (word joiner) at position 11'],
    ['configId', CONSENT, { configId: 'a\u0007b' }, 'U+0007 at position 2'],
    ['configId', CONSENT, { configId: 'a\u202eb' }, 'U+202E at position 2'],
    ['configId', CONSENT, { configId: 'caf\ufffd' }, 'U+FFFD (replacement character: it was not UTF-8) at position 4'],
  ])('has %s refused where it has a character that nobody sees, which is named', (field, consent, own, told) => {
    const message = refusalOf(() => take(consent, own));
    expect(message).toContain(field);
    expect(message).toContain(told);
  });
});

describe.each(Object.entries(DEFAULTS))('the defaults of a %s', (_, take) => {
  test('lose the white space around them', () => {
    expect(take({ configId: '  sp  ', fiDataRangeFrom: ' 2024-01-01 ' })).toMatchObject({
      configId: 'sp',
      fiDataRangeFrom: '2024-01-01',
    });
  });

  test.each([
    ['configid', 'configId'],
    ['config_id', 'configId'],
    ['Config ID', 'configId'],
    ['fiDatarangeFrom', 'fiDataRangeFrom'],
    ['fi-data-range-to', 'fiDataRangeTo'],
  ])('named %s are refused and not ignored: the data of another range would be fetched', (seen, meant) => {
    const message = refusalOf(() => take({ [seen]: '2024-01-01' }));
    expect(message).toContain(`${seen} is not a known name; spell it ${meant}`);
  });

  test('may stand beside names that nobody knows', () => {
    expect(take({ note: 'hello', configId: 'c' })).toMatchObject({ configId: 'c' });
  });
});

test('a lone surrogate is no character of an identifier', () => {
  const message = refusalOf(() => scheduled({ configId: 'a\ud800', consents_list: [{ consent_id: CONSENT }] }));
  expect(message).toMatch(/^configId must have printable characters only; it has the invisible character U\+D800/);
});

test('a reference_id and the ids of FI Request Status have their invisible characters named, too', () => {
  const request = { reference_id: 'abcdef\u200b', consents_list: [] };
  expect(refusalOf(() => parseScheduleRequest(request))).toMatch(/hyphens and underscores; it has the .* U\+200B/);
  expect(refusalOf(() => parseFiStatusQuery({ sessionId: `${CONSENT}\u00ad`, consentHandle: 'x' }))).toBe(
    ' [ consentHandle must be a valid GUID, sessionId must be a valid GUID; it has the invisible character U+00AD (soft hyphen) at position 37 ] ',
  );
});

test('the name of a dropped file that looks like a reference has its invisible character named', () => {
  expect(parseObjectKey('drop/lender/abc\u00addef.csv')).toEqual({
    kind: 'misplaced',
    reason: expect.stringMatching(/and \.csv or \.json; it has the .* U\+00AD \(soft hyphen\) at position 4\.$/),
  });
});

test('an id of FI Request Status that is spelt otherwise is named', () => {
  expect(refusalOf(() => parseFiStatusQuery({ consent_id: CONSENT, sessionId: CONSENT }))).toBe(
    ' [ consent_id is not a known name; spell it consentId ] ',
  );
});

describe('names that are nearly right', () => {
  test.each([
    ['consentId', 'consent_id'],
    ['ConsentID', 'consent_id'],
    ['fidatarangefrom', 'fiDataRangeFrom'],
  ])('%s in a row of the JSON API is refused, and named with its row', (seen, meant) => {
    const run = () => scheduled({ consents_list: [{ consent_id: CONSENT }, { consent_id: CONSENT, [seen]: 'x' }] });
    expect(run).toThrow(ServiceError);
    expect(refusalOf(run)).toBe(`consents_list[1].${seen} is not a known name; spell it ${meant}`);
  });

  test('in a row of a JSON file fail that row', () => {
    const file = JSON.stringify([{ consentId: CONSENT, ConfigID: 'c' }, { consentId: CONSENT }]);
    const { rows } = readBatchFile(Buffer.from(file), 'json', NO_PARAMETERS);
    expect(rows.map(({ error }) => error?.message ?? null)).toEqual([
      'Record 1: ConfigID is not a known name; spell it configId',
      null,
    ]);
  });

  test.each([
    ['consentsList', 'consents_list', () => scheduled({ consentsList: [] })],
    ['referenceId', 'reference_id', () => scheduled({ referenceId: 'x', consents_list: [{ consent_id: CONSENT }] })],
    ['ConsentsList', 'consents_list', () => fileRow('{"ConsentsList": []}', 'json')],
    ['trackingId', 'tracking_id', () => parseUploadFields({ trackingId: 'reference' })],
    ['global-config', 'global_config', () => parseUploadFields({ 'global-config': '{}' })],
    ['fileName', 'file_name', () => parseUploadRequest({ fileName: 'a.csv' })],
    ['contentType', 'content_type', () => parseUploadRequest({ file_name: 'a.csv', contentType: 'text/csv' })],
  ])('%s is refused for %s', (seen, meant, run) => {
    expect(refusalOf(run)).toContain(`${seen} is not a known name; spell it ${meant}`);
  });
});

describe('the name of a file', () => {
  test.each(['a\r\nb.csv', 'a\u0000.csv', 'a\u2028.csv', 'a\ud800.csv'])('%j is refused', (file_name) => {
    expect(refusalOf(() => parseUploadRequest({ file_name }))).toMatch(
      /^file_name must be one line without control characters/,
    );
  });

  test.each(['ग्राहक सूची\u200d.csv', 'Screenshot at 9.41\u202fAM.csv'])('%s is taken', (file_name) => {
    expect(parseUploadRequest({ file_name }).fileName).toBe(file_name);
  });

  test('has no more place for a line break in its content_type', () => {
    const request = { file_name: 'a.csv', content_type: 'text/csv; a\r\nX-Header: b' };
    expect(refusalOf(() => parseUploadRequest(request))).toMatch(/^content_type must be one line/);
  });
});
