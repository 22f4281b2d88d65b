import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseBatchStatusQuery } from '#lambdas/batch/batch-status/handler.ts';
import { ServiceError } from '#lambdas/platform/errors.ts';

const GOOD = { reference_id: 'batch-20251110-001' };
const EVERYTHING = { statuses: new Set(), retryEligible: null, search: null };

function refusalOf(body: Record<string, unknown>): { code: string; message: string; details: unknown } {
  try {
    parseBatchStatusQuery(body);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    const { code, message, details } = error;
    return { code, message, details };
  }
  throw new Error('the query was taken');
}

describe('a status query', () => {
  test.each<[string, Record<string, unknown>]>([
    ['of a reference only', GOOD],
    ['with null wherever it can stand', { ...GOOD, filters: null, page: null, limit: null, include_balances: null }],
    ['with empty filters', { ...GOOD, filters: {} }],
    ['with nulls in its filters', { ...GOOD, filters: { status: null, retry_eligible: null, search: null } }],
    ['with filters that select everything', { ...GOOD, filters: { status: [], search: '' } }],
  ])('%s asks for the first 100 of everything', (_, body) => {
    expect(parseBatchStatusQuery(body)).toEqual({
      referenceId: 'batch-20251110-001',
      filter: EVERYTHING,
      page: 1,
      limit: 100,
      includeBalances: false,
    });
  });

  test("like the specification's example is accepted", () => {
    const query = parseBatchStatusQuery({
      reference_id: 'batch-20251110-001',
      filters: { status: ['FAILED', 'IN_PROGRESS'] },
      page: 1,
      limit: 100,
      include_balances: false,
    });
    expect(query.filter).toEqual({ ...EVERYTHING, statuses: new Set(['FAILED', 'IN_PROGRESS']) });
  });

  test('with everything', () => {
    const filters = { status: ['READY', 'READY'], retry_eligible: 'YesWithModifications', search: 'ABC-é' };
    expect(parseBatchStatusQuery({ ...GOOD, filters, page: 7, limit: 1000, include_balances: true })).toEqual({
      referenceId: 'batch-20251110-001',
      filter: { statuses: new Set(['READY']), retryEligible: 'YesWithModifications', search: 'abc-é' },
      page: 7,
      limit: 1000,
      includeBalances: true,
    });
  });

  test.each<[string, Record<string, unknown>, string, RegExp]>([
    ['page 0', { page: 0 }, 'page', /^page must be a whole number of 1 or more$/],
    ['a negative page', { page: -1 }, 'page', /whole number/],
    ['half a page', { page: 1.5 }, 'page', /whole number/],
    ['a page in quotes', { page: '1' }, 'page', /whole number/],
    ['a page beyond counting', { page: 1e300 }, 'page', /whole number/],
    ['limit 0', { limit: 0 }, 'limit', /^limit must be a whole number from 1 to 1000$/],
    ['a limit of 1,001', { limit: 1001 }, 'limit', /from 1 to 1000$/],
    ['a limit of true', { limit: true }, 'limit', /from 1 to 1000$/],
    [
      'balances in quotes',
      { include_balances: 'true' },
      'include_balances',
      /^include_balances must be true or false$/,
    ],
    ['filters as a list', { filters: [] }, 'filters', /^filters must be an object/],
    ['filters as a text', { filters: 'FAILED' }, 'filters', /^filters must be an object/],
    [
      'one status',
      { filters: { status: 'FAILED' } },
      'filters.status',
      /^filters\.status must be an array of row statuses$/,
    ],
    [
      'a status that there is not',
      { filters: { status: ['READY', 'DONE'] } },
      'filters.status[1]',
      /^filters\.status\[1\] must be one of READY, IN_PROGRESS, COMPLETED, FAILED$/,
    ],
    ['a placeholder object', { filters: { status: [{}] } }, 'filters.status[0]', /must be one of READY/],
    ['a status in lower case', { filters: { status: ['failed'] } }, 'filters.status[0]', /must be one of READY/],
    [
      'an eligibility that there is not',
      { filters: { retry_eligible: 'yes' } },
      'filters.retry_eligible',
      /must be one of Yes, No, YesWithModifications$/,
    ],
    [
      'a list of eligibilities',
      { filters: { retry_eligible: ['Yes'] } },
      'filters.retry_eligible',
      /must be one of Yes/,
    ],
    ['a number to search for', { filters: { search: 5 } }, 'filters.search', /^filters\.search must be a string$/],
    [
      'a search of 301 characters',
      { filters: { search: 's'.repeat(301) } },
      'filters.search',
      /at most 300 characters$/,
    ],
  ])('with %s is refused, named', (_, change, field, message) => {
    expect(refusalOf({ ...GOOD, ...change })).toEqual({
      code: 'InvalidRequest',
      message: expect.stringMatching(message),
      details: { field },
    });
  });

  const KNOWN =
    'reference_id, filters, page, limit, include_balances, filters.status, filters.retry_eligible, filters.search';
  test.each<[Record<string, unknown>, string, string]>([
    [{ status: 'FAILED' }, 'status', 'did you mean filters.status?'],
    [{ filter: { status: ['FAILED'] } }, 'filter', 'did you mean filters?'],
    [{ filters: { statuses: ['FAILED'] } }, 'filters.statuses', 'did you mean filters.status?'],
    [{ filters: { retryEligible: 'Yes' } }, 'filters.retryEligible', 'did you mean filters.retry_eligible?'],
    [{ includeBalances: true }, 'includeBalances', 'did you mean include_balances?'],
    [{ filters: { sessionId: 'x' } }, 'filters.sessionId', `known are ${KNOWN}`],
    [{ filters: { page: 2 } }, 'filters.page', 'did you mean page?'],
    [{ ['x'.repeat(1000)]: 1 }, `${'x'.repeat(59)}…`, `known are ${KNOWN}`],
    [{ ['page\u200b']: 1 }, 'pageU+200B', 'did you mean page?'],
  ])('with the unknown key of %j is refused: it would select everything', (change, field, hint) => {
    expect(refusalOf({ ...GOOD, ...change })).toEqual({
      code: 'InvalidRequest',
      message: `${field} is not known; ${hint}`,
      details: { field },
    });
  });

  test('without a reference is missing it', () => {
    expect(refusalOf({ page: 0 })).toMatchObject({ code: 'MissingReferenceId', message: 'reference_id is required' });
  });

  test('is taken or refused with an error for the caller, whatever is sent', () => {
    const json = fc.jsonValue({ maxDepth: 3 });
    const filters = fc.dictionary(fc.constantFrom('status', 'retry_eligible', 'search', '__proto__'), json);
    const bodies = fc.record(
      {
        reference_id: fc.oneof(fc.constant('abcdef'), json),
        filters: fc.oneof(json, filters),
        page: json,
        limit: json,
        include_balances: json,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(bodies, (body) => {
        try {
          const query = parseBatchStatusQuery(JSON.parse(JSON.stringify(body)));
          expect(query.page).toBeGreaterThanOrEqual(1);
          expect(query.limit).toBeLessThanOrEqual(1000);
        } catch (error) {
          expect(error).toBeInstanceOf(ServiceError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
