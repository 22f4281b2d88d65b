import { describe, expect, test } from 'vitest';
import { parseScheduleRequest } from '#lambdas/batch/schedule-batch/handler.ts';
import { parseReferenceId, plainRow } from '#lambdas/batch/submission.ts';
import { ServiceError } from '#lambdas/platform/errors.ts';

const CONSENT = '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7';
const GOOD = { reference_id: 'batch-20251110-001', consents_list: [{ consent_id: CONSENT }] };

/** What a request is refused with. */
function refusalOf(body: Record<string, unknown>): { kind: string; code: string; message: string; details: unknown } {
  try {
    parseScheduleRequest(body);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const { kind, code, message, details } = error;
    return { kind, code, message, details };
  }
  throw new Error('the request was taken');
}

describe('a schedule request', () => {
  test("like the specification's example is accepted", () => {
    const request = {
      reference_id: 'batch-20251110-001',
      consents_list: [
        {
          consent_id: '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7',
          fiDataRangeFrom: '2024-01-01T00:00:00Z',
          fiDataRangeTo: '2024-06-30T23:59:59Z',
          configId: 'analytics-config-1',
        },
        { consent_id: '7b2d9e3a-1f4c-4a8b-9c6d-2e5f8a9b0c1d' },
        { consent_id: '9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d', fiDataRangeTo: '2024-12-31T23:59:59Z' },
      ],
      fiDataRangeFrom: '2024-01-01T00:00:00Z',
      fiDataRangeTo: '2024-12-31T23:59:59Z',
      configId: 'analytics-config-default',
    };
    expect(parseScheduleRequest(request)).toEqual({
      referenceId: 'batch-20251110-001',
      defaults: {
        fiDataRangeFrom: '2024-01-01T00:00:00Z',
        fiDataRangeTo: '2024-12-31T23:59:59Z',
        configId: 'analytics-config-default',
      },
      rows: [
        {
          ...plainRow('54450ac0-8bcb-4b9c-ad74-29b4fabe18f7'),
          fiDataRangeFrom: '2024-01-01T00:00:00Z',
          fiDataRangeTo: '2024-06-30T23:59:59Z',
          configId: 'analytics-config-1',
        },
        plainRow('7b2d9e3a-1f4c-4a8b-9c6d-2e5f8a9b0c1d'),
        { ...plainRow('9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d'), fiDataRangeTo: '2024-12-31T23:59:59Z' },
      ],
    });
  });

  test('may name a consent more than once', () => {
    expect(parseScheduleRequest({ ...GOOD, consents_list: Array(3).fill({ consent_id: CONSENT }) }).rows).toHaveLength(
      3,
    );
  });

  test('may have 10,000 rows and no more', () => {
    const list = (length: number): unknown[] => Array(length).fill({ consent_id: CONSENT });
    expect(parseScheduleRequest({ ...GOOD, consents_list: list(10_000) }).rows).toHaveLength(10_000);
    expect(refusalOf({ ...GOOD, consents_list: list(15_000) })).toEqual({
      kind: 'invalid',
      code: 'InvalidRequest',
      message: 'consents_list cannot exceed 10,000 records',
      details: { field: 'consents_list', provided: 15_000, max: 10_000 },
    });
    expect(refusalOf({ ...GOOD, consents_list: list(10_001) }).details).toMatchObject({ provided: 10_001 });
  });

  test.each<[string, Record<string, unknown>, string, RegExp, object | undefined]>([
    [
      'without consents_list',
      { reference_id: 'abcde' },
      'InvalidRequest',
      /^consents_list is required$/,
      { field: 'consents_list' },
    ],
    ['with null', { ...GOOD, consents_list: null }, 'InvalidRequest', /is required$/, { field: 'consents_list' }],
    [
      'with an object',
      { ...GOOD, consents_list: {} },
      'InvalidRequest',
      /must be an array/,
      { field: 'consents_list' },
    ],
    [
      'with a text',
      { ...GOOD, consents_list: CONSENT },
      'InvalidRequest',
      /must be an array/,
      { field: 'consents_list' },
    ],
    [
      'with no rows',
      { ...GOOD, consents_list: [] },
      'InvalidRequest',
      /at least 1 record/,
      { field: 'consents_list', provided: 0, min: 1 },
    ],
    [
      'whose 14th row has no consent',
      { ...GOOD, consents_list: [...Array(13).fill({ consent_id: CONSENT }), {}] },
      'InvalidRequest',
      /^consents_list\[13\]\.consent_id is required$/,
      { field: 'consents_list[13].consent_id', row: 14 },
    ],
    [
      'with two bad rows, of which the first is named',
      { ...GOOD, consents_list: [{ consent_id: CONSENT }, { consent_id: 1 }, {}] },
      'InvalidRequest',
      /^consents_list\[1\]\.consent_id must be a GUID/,
      { field: 'consents_list[1].consent_id', row: 2 },
    ],
    [
      'with a hole in the list',
      { ...GOOD, consents_list: [{ consent_id: CONSENT }, null] },
      'InvalidRequest',
      /^consents_list\[1\] must be an object/,
      { field: 'consents_list[1]', row: 2 },
    ],
    [
      'with a global range that runs backwards',
      { ...GOOD, fiDataRangeFrom: '2024-12-31T23:59:59Z', fiDataRangeTo: '2024-01-01T00:00:00Z' },
      'InvalidDateRange',
      /^fiDataRangeFrom is after fiDataRangeTo$/,
      { field: 'fiDataRangeFrom' },
    ],
    [
      'with a row that turns the range around',
      { ...GOOD, fiDataRangeFrom: '2024-02-01', consents_list: [{ consent_id: CONSENT, fiDataRangeTo: '2024-01-01' }] },
      'InvalidDateRange',
      /^consents_list\[0\]: fiDataRangeFrom is after fiDataRangeTo$/,
      { field: 'consents_list[0].fiDataRangeTo', row: 1 },
    ],
  ])('%s is refused', (_, body, code, message, details) => {
    expect(refusalOf(body)).toEqual({ kind: 'invalid', code, message: expect.stringMatching(message), details });
  });
});

describe('a reference_id', () => {
  test.each(['abcde', 'a'.repeat(60), '12345', '_-_-_', 'portfolio-refresh-2024-11-10', 'A_b-9'])(
    '%s is taken',
    (id) => {
      expect(parseReferenceId(id)).toBe(id);
    },
  );

  test.each<[string, unknown]>([
    ['missing', undefined],
    ['null', null],
    ['empty', ''],
  ])('that is %s is missing', (_, value) => {
    expect(refusalOf({ ...GOOD, reference_id: value })).toEqual({
      kind: 'invalid',
      code: 'MissingReferenceId',
      message: 'reference_id is required',
      details: undefined,
    });
  });

  test.each<[string, unknown]>([
    ['4 characters', 'abcd'],
    ['61 characters', 'a'.repeat(61)],
    ['a blank', 'abc de'],
    ['only blanks', '     '],
    ['a slash', 'abc/de'],
    ['a key of the table', 'abc#de'],
    ['a line at its end', 'abcdef\n'],
    ['letters with accents', 'référence'],
    ['a number', 12345],
    ['zero', 0],
    ['false', false],
    ['a list', ['abcde']],
    ['an object', { id: 'abcde' }],
  ])('with %s is not valid', (_, value) => {
    expect(refusalOf({ ...GOOD, reference_id: value })).toMatchObject({
      code: 'InvalidRequest',
      details: { field: 'reference_id' },
    });
  });
});
