import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseScheduleRequest } from '#lambdas/batch/schedule-batch/handler.ts';
import { plainRow } from '#lambdas/batch/submission.ts';
import { ServiceError } from '#lambdas/platform/errors.ts';

const CONSENT = '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7';

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

describe('whatever is sent', () => {
  /** JSON as it comes from outside: parsed from text, so that `__proto__` is a key like any other. */
  const json = fc.jsonValue({ maxDepth: 3 });
  const keys = fc.constantFrom(
    'reference_id',
    'consents_list',
    'consent_id',
    'fiDataRangeFrom',
    'fiDataRangeTo',
    'configId',
    '__proto__',
    'constructor',
    'toString',
  );
  const near = fc.dictionary(keys, fc.oneof(json, fc.constantFrom('2024-01-01', CONSENT, 'abcdef')));
  const bodies = fc.record(
    {
      reference_id: fc.oneof({ weight: 4, arbitrary: fc.constant('abcdef') }, json),
      consents_list: fc.oneof(
        json,
        fc.array(fc.oneof(json, near, fc.constant({ consent_id: CONSENT })), { maxLength: 4 }),
      ),
      fiDataRangeFrom: fc.oneof(json, fc.constantFrom('2024-01-01', '2025-01-01')),
      fiDataRangeTo: fc.oneof(json, fc.constantFrom('2024-01-01', '2023-01-01')),
      configId: json,
    },
    { requiredKeys: [] },
  );

  const parsed = (text: string): Record<string, unknown> => JSON.parse(text);

  test('is taken or refused with an error for the caller, never anything else', () => {
    fc.assert(
      fc.property(fc.oneof(bodies, near), (body) => {
        const again = parsed(JSON.stringify(body));
        try {
          const { rows } = parseScheduleRequest(again);
          expect(rows.length).toBeGreaterThan(0);
          expect(rows.every(({ consentId }) => consentId === CONSENT)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(ServiceError);
          expect(error).toMatchObject({ kind: 'invalid', message: expect.stringMatching(/.+/) });
        }
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    '{"__proto__": {"reference_id": "abcdef", "consents_list": [{"consent_id": "54450ac0-8bcb-4b9c-ad74-29b4fabe18f7"}]}}',
    '{"constructor": {"prototype": {"reference_id": "abcdef"}}}',
  ])('%s sends nothing', (text) => {
    expect(refusalOf(parsed(text)).code).toBe('MissingReferenceId');
  });

  test('keys of prototypes in a row are fields that nobody knows', () => {
    const text = `{"reference_id": "abcdef", "consents_list": [{"consent_id": "${CONSENT}", "__proto__": {"configId": 7}, "constructor": 1}]}`;
    expect(parseScheduleRequest(parsed(text)).rows).toEqual([plainRow(CONSENT)]);
    expect(
      refusalOf(parsed(`{"reference_id": "abcdef", "consents_list": [{"__proto__": {"consent_id": "${CONSENT}"}}]}`)),
    ).toMatchObject({ details: { field: 'consents_list[0].consent_id', row: 1 } });
    expect(Object.prototype).not.toHaveProperty('configId');
  });
});
