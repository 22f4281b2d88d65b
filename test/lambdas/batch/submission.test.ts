import { describe, expect, test } from 'vitest';
import { NO_PARAMETERS, parseDefaults, parseRow, plainRow, withDefaults } from '#lambdas/batch/submission.ts';

const CONSENT = '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7';
const PLACE = 'consents_list[13]';

describe('a row', () => {
  test.each<[string, unknown, object]>([
    ['with a consent only', { consent_id: CONSENT }, plainRow(CONSENT)],
    ['with null for what is not set', { consent_id: CONSENT, ...NO_PARAMETERS }, plainRow(CONSENT)],
    [
      'with everything',
      { consent_id: CONSENT, fiDataRangeFrom: '2024-01-01', fiDataRangeTo: '2024-01-01T00:00:00+00:00', configId: 'c' },
      { consentId: CONSENT, fiDataRangeFrom: '2024-01-01', fiDataRangeTo: '2024-01-01T00:00:00+00:00', configId: 'c' },
    ],
    [
      'whose id fails a strict check, as one in the specification does',
      { consent_id: '9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d' },
      plainRow('9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d'),
    ],
    ['with white space around its consent', { consent_id: ` ${CONSENT}\n` }, plainRow(CONSENT)],
    ['in capitals, which stay', { consent_id: CONSENT.toUpperCase() }, plainRow(CONSENT.toUpperCase())],
    ['with fields that nobody knows', { consent_id: CONSENT, note: { a: 1 } }, plainRow(CONSENT)],
    ['with a configId of 128', { consent_id: CONSENT, configId: 'c'.repeat(128) }, { configId: 'c'.repeat(128) }],
  ])('%s is taken', (_, value, expected) => {
    expect(parseRow(value, NO_PARAMETERS, PLACE)).toMatchObject({ ok: true, value: expected });
  });

  test('keeps its own values apart from the defaults, for the record', () => {
    const defaults = { fiDataRangeFrom: '2024-01-01', fiDataRangeTo: '2024-12-31', configId: 'default' };
    expect(parseRow({ consent_id: CONSENT }, defaults, PLACE)).toEqual({
      ok: true,
      value: plainRow(CONSENT),
    });
  });

  const GUID = /^consents_list\[13\]\.consent_id must be a GUID such as/;
  const DATE = /must be an ISO 8601 date such as .*; a time needs Z or an offset$/;
  test.each<[string, unknown, string, RegExp]>([
    ['without a consent', {}, `${PLACE}.consent_id`, /^consents_list\[13\]\.consent_id is required$/],
    ['with null as consent', { consent_id: null }, `${PLACE}.consent_id`, /is required$/],
    ['with a number as consent', { consent_id: 7 }, `${PLACE}.consent_id`, GUID],
    ['with an empty consent', { consent_id: '' }, `${PLACE}.consent_id`, GUID],
    ['with a consent and a blank in it', { consent_id: CONSENT.replace('-', ' -') }, `${PLACE}.consent_id`, GUID],
    ['with a consent in braces', { consent_id: `{${CONSENT}}` }, `${PLACE}.consent_id`, GUID],
    [
      'with the field of the single call',
      { consentId: CONSENT },
      `${PLACE}.consent_id`,
      /^consents_list\[13\]\.consentId is not a known name; spell it consent_id$/,
    ],
    [
      'with a day that is not in the calendar',
      { consent_id: CONSENT, fiDataRangeTo: '2024-02-30' },
      `${PLACE}.fiDataRangeTo`,
      DATE,
    ],
    [
      'with a time without zone',
      { consent_id: CONSENT, fiDataRangeFrom: '2024-02-01T00:00' },
      `${PLACE}.fiDataRangeFrom`,
      DATE,
    ],
    ['with an empty date', { consent_id: CONSENT, fiDataRangeFrom: '' }, `${PLACE}.fiDataRangeFrom`, DATE],
    ['with a number as date', { consent_id: CONSENT, fiDataRangeFrom: 20240101 }, `${PLACE}.fiDataRangeFrom`, DATE],
    ['with a list as configId', { consent_id: CONSENT, configId: ['c'] }, `${PLACE}.configId`, /1 to 128 characters$/],
    ['with an empty configId', { consent_id: CONSENT, configId: '' }, `${PLACE}.configId`, /1 to 128 characters$/],
    ['with a configId of 129', { consent_id: CONSENT, configId: 'c'.repeat(129) }, `${PLACE}.configId`, /1 to 128/],
    ['that is a text', CONSENT, PLACE, /^consents_list\[13\] must be an object with a consent_id$/],
    ['that is a number', 4, PLACE, /must be an object/],
    ['that is null', null, PLACE, /must be an object/],
    ['that is missing', undefined, PLACE, /must be an object/],
    ['that is a list', [{ consent_id: CONSENT }], PLACE, /must be an object/],
  ])('%s is refused, named', (_, value, field, message) => {
    expect(parseRow(value, NO_PARAMETERS, PLACE)).toEqual({
      ok: false,
      fault: { field, message: expect.stringMatching(message), code: 'InvalidRequest' },
      others: [],
    });
  });

  test('has all of its faults told, one per field', () => {
    const row = { consentId: CONSENT, fiDataRangeFrom: 'yesterday', configid: 'c', config_id: 'd', configId: 7 };
    const parsed = parseRow(row, NO_PARAMETERS, PLACE);
    expect(parsed.ok ? [] : [parsed.fault, ...parsed.others].map(({ field }) => field)).toEqual([
      `${PLACE}.consent_id`,
      `${PLACE}.configId`,
      `${PLACE}.fiDataRangeFrom`,
    ]);
  });

  test.each<[string, object, Partial<typeof defaults>, string]>([
    ['its own range', { fiDataRangeFrom: '2024-02-01', fiDataRangeTo: '2024-01-01' }, {}, 'fiDataRangeFrom'],
    ['its beginning after the global end', { fiDataRangeFrom: '2025-01-01' }, {}, 'fiDataRangeFrom'],
    ['its end before the global beginning', { fiDataRangeTo: '2023-12-31' }, {}, 'fiDataRangeTo'],
    ['its end an hour too early', { fiDataRangeTo: '2024-01-01T00:00:00+01:00' }, {}, 'fiDataRangeTo'],
  ])('with %s runs backwards', (_, dates, change, field) => {
    const parsed = parseRow({ consent_id: CONSENT, ...dates }, { ...defaults, ...change }, PLACE);
    expect(parsed).toEqual({
      ok: false,
      fault: {
        field: `${PLACE}.${field}`,
        message: `${PLACE}: fiDataRangeFrom is after fiDataRangeTo`,
        code: 'InvalidDateRange',
      },
      others: [],
    });
  });
  const defaults = { fiDataRangeFrom: '2024-01-01', fiDataRangeTo: '2024-12-31', configId: null };

  test('of one instant does not', () => {
    const range = { fiDataRangeFrom: '2024-01-01T05:30:00+05:30', fiDataRangeTo: '2024-01-01' };
    expect(parseRow({ consent_id: CONSENT, ...range }, defaults, PLACE).ok).toBe(true);
  });
});

describe('global defaults', () => {
  test('may stand beside any other fields, and are null where they are not sent', () => {
    expect(parseDefaults({ reference_id: 7, consents_list: 'x' })).toEqual({ ok: true, value: NO_PARAMETERS });
    expect(parseDefaults({ fiDataRangeFrom: '2024-01-01', configId: 'c' })).toEqual({
      ok: true,
      value: { fiDataRangeFrom: '2024-01-01', fiDataRangeTo: null, configId: 'c' },
    });
  });

  test.each<[object, string, string, RegExp]>([
    [
      { fiDataRangeFrom: 'yesterday' },
      'fiDataRangeFrom',
      'InvalidRequest',
      /^fiDataRangeFrom must be an ISO 8601 date/,
    ],
    [{ fiDataRangeTo: {} }, 'fiDataRangeTo', 'InvalidRequest', /^fiDataRangeTo must be an ISO 8601 date/],
    [{ configId: 5 }, 'configId', 'InvalidRequest', /^configId must be a string of 1 to 128 characters$/],
    [
      { fiDataRangeFrom: '2024-02-01', fiDataRangeTo: '2024-01-31' },
      'fiDataRangeFrom',
      'InvalidDateRange',
      /^fiDataRangeFrom is after fiDataRangeTo$/,
    ],
  ])('%j are refused', (value, field, code, message) => {
    expect(parseDefaults(value)).toEqual({
      ok: false,
      fault: { field, code, message: expect.stringMatching(message) },
      others: [],
    });
  });
});

describe('the parameters of an FI request', () => {
  const none = { fiDataRangeFrom: null, fiDataRangeTo: null, configId: null };
  const defaults = { fiDataRangeFrom: '2024-01-01', fiDataRangeTo: '2024-12-31', configId: 'default' };

  test('are the defaults where the row has none', () => {
    expect(withDefaults(none, defaults)).toEqual(defaults);
  });
  test("are the row's where it has them", () => {
    expect(withDefaults({ ...none, fiDataRangeTo: '2024-06-30', configId: 'own' }, defaults)).toEqual({
      fiDataRangeFrom: '2024-01-01',
      fiDataRangeTo: '2024-06-30',
      configId: 'own',
    });
  });
  test('are null where neither has them', () => {
    expect(withDefaults(none, none)).toEqual(none);
  });
});
