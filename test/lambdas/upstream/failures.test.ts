import { describe, expect, test } from 'vitest';
import { classify, isServerError, MESSAGE_LIMIT, rowError, type Verdict } from '#lambdas/upstream/failures.ts';
import { answered, LOST, UNREACHABLE } from '#test/world/consent-behaviour.ts';

type Kind = Verdict['kind'];

describe('failures that are not the end of a row', () => {
  test.each<[string, Parameters<typeof classify>[0], Kind]>([
    ['a connection that was refused', UNREACHABLE, 'not-processed'],
    ['503 with its code', answered(503, 'ServiceUnavailable'), 'not-processed'],
    ['503 of a gateway', answered(503, null), 'not-processed'],
    ['the code ServiceUnavailable on a 200', answered(200, 'ServiceUnavailable'), 'not-processed'],
    ['a reset after sending', LOST, 'answer-lost'],
    ['500', answered(500, 'InternalError'), 'answer-lost'],
    ['500 of a gateway', answered(500, null), 'answer-lost'],
    ['502', answered(502, null), 'answer-lost'],
    ['504', answered(504, null), 'answer-lost'],
    ['408', answered(408, null), 'answer-lost'],
    ["a gateway's redirection", answered(302, null), 'answer-lost'],
    ["a gateway's 400", answered(400, null), 'answer-lost'],
    ["a gateway's 404", answered(404, null), 'answer-lost'],
    ["a gateway's 413", answered(413, null), 'answer-lost'],
    ["a gateway's 421", answered(421, null), 'answer-lost'],
    ["a gateway's 431", answered(431, null), 'answer-lost'],
    ['500 with the code of a row', answered(500, 'ConsentRevoked'), 'answer-lost'],
    ['429', answered(429, 'TooManyRequests'), 'rate-limited'],
    ['TooManyRequests on a 400', answered(400, 'TooManyRequests'), 'rate-limited'],
    ['429 of a gateway', answered(429, null), 'rate-limited'],
    ['401', answered(401, 'Unauthorized'), 'unauthorized'],
    ['401 without a body', answered(401, null), 'unauthorized'],
    ['401 that names the consent', answered(401, 'ConsentRevoked'), 'final'],
    ['403 without a body', answered(403, null), 'unauthorized'],
    ['403', answered(403, 'Forbidden'), 'unauthorized'],
    ['Unauthorized on a 400', answered(400, 'Unauthorized'), 'unauthorized'],
    ['SignatureDoesNotMatch on a 400', answered(400, 'SignatureDoesNotMatch'), 'unauthorized'],
    ['DataFetchRequestInProgress', answered(400, 'DataFetchRequestInProgress'), 'in-progress'],
    ['DataFetchRequestInProgress on a 200', answered(200, 'DataFetchRequestInProgress'), 'in-progress'],
    ['NoDataFound', answered(404, 'NoDataFound'), 'no-data'],
  ])('%s', (_, failure, kind) => {
    expect(classify(failure).kind).toBe(kind);
  });
});

test.each<[string, Parameters<typeof classify>[0], boolean]>([
  ['500', answered(500, 'InternalError'), true],
  ["a gateway's 404", answered(404, null), true],
  ['408 with a code', answered(408, 'RequestTimeout'), false],
  ['429 of a gateway', answered(429, null), false],
  ['401 without a body', answered(401, null), false],
  ['an error of a row', answered(400, 'ConsentRevoked'), false],
  ['a call that was not answered', LOST, false],
  ['a connection that was refused', UNREACHABLE, false],
])("is one of the server's: %s", (_, failure, isOfServer) => {
  expect(isServerError(failure)).toBe(isOfServer);
});

describe('a failure that has no code of FinPro', () => {
  test.each<[Parameters<typeof classify>[0], string]>([
    [UNREACHABLE, 'ServiceUnavailable'],
    [LOST, 'UpstreamTimeout'],
    [answered(401, null, LOST.message), 'Unauthorized'],
    [answered(503, null, LOST.message), 'ServiceUnavailable'],
    [answered(502, null, LOST.message), 'UpstreamError'],
  ])('%j is told as %s, with its message', (failure, code) => {
    expect(classify(failure)).toMatchObject({ error: { code, message: failure.message } });
  });
});

describe('a failure that is not the end of a row, but has a code', () => {
  test.each([
    [403, 'Forbidden'],
    [503, 'Maintenance'],
    [500, 'InternalError'],
    [408, 'RequestTimeout'],
  ])('is told by it: %i %s', (status, code) => {
    expect(classify(answered(status, code, 'Not now'))).toMatchObject({ error: { code, message: 'Not now' } });
  });
});

describe('failures that end a row', () => {
  test.each<[string, string, string, RegExp]>([
    ['InvalidDateRange', 'fiDataRangeFrom is before the consent', 'YesWithModifications', /fiDataRangeFrom/],
    ['InvalidRequest', 'fiDataRangeFrom is not within the FI data range', 'YesWithModifications', /fiDataRangeFrom/],
    ['InvalidRequest', ' [ invalid date format ] ', 'YesWithModifications', /fiDataRangeFrom/],
    ['InvalidRequest', ' [ configId is unknown ] ', 'YesWithModifications', /configId/],
    ['InvalidRequest', 'Unknown config_id', 'YesWithModifications', /configId/],
    ['InvalidRequest', 'No such Config Id', 'YesWithModifications', /configId/],
    ['NotFound', 'The configuration does not exist', 'YesWithModifications', /configId/],
    ['InvalidConfigId', 'Unknown', 'YesWithModifications', /configId/],
    ['InvalidConfig', 'Unknown', 'YesWithModifications', /configId/],
    ['InvalidConfigurationId', 'Unknown', 'YesWithModifications', /configId/],
    ['ConfigNotFound', 'Unknown', 'YesWithModifications', /configId/],
    ['InvalidConsentId', 'Consent ID does not exist.', 'No', /does not know/],
    ['InvalidConsentStatus', 'The consent is not ACTIVE', 'No', /not active/],
    ['ConsentRevoked', 'Revoked', 'No', /not active/],
    ['ConsentExpired', 'Expired', 'No', /not active/],
    ['InvalidRequest', 'Consent has been revoked by the customer', 'No', /not active/],
    ['InvalidRequest', 'The consent has expired', 'No', /not active/],
    ['InvalidRequest', 'The consent is not active', 'No', /not active/],
    ['InvalidRequest', 'The consent is inactive', 'No', /not active/],
    ['InvalidRequest', 'Over the quota', 'No', /no further fetch/],
    ['InvalidRequest', 'All fetches are exhausted', 'No', /no further fetch/],
    ['InvalidRequest', 'The consent was already used', 'No', /no further fetch/],
    ['InvalidRequest', 'The consent has already been used', 'No', /no further fetch/],
    ['InvalidRequest', 'Above the frequency of the consent', 'Yes', /next period/],
    ['InvalidRequest', 'The consent is paused', 'Yes', /resumed/],
    ['InvalidRequest', 'The dates are wrong', 'YesWithModifications', /fiDataRangeFrom/],
    ['InvalidRequest', 'Not in the range', 'YesWithModifications', /fiDataRangeFrom/],
    ['InvalidRequest', 'Consent revoked on date 2024-01-01', 'No', /not active/],
    ['InvalidConsentUse', 'The consent has been used', 'No', /no further fetch/],
    ['QuotaExceeded', 'Quota exceeded', 'No', /no further fetch/],
    ['ConsentQuotaExceeded', 'Quota exceeded', 'No', /no further fetch/],
    ['ConsentPaused', 'Paused', 'Yes', /resumed/],
    ['InvalidConsentUse', 'The fetch frequency of the consent is exceeded.', 'Yes', /next period/],
    ['InvalidConsentUse', 'PERIODIC consent: no fetch is left in this period', 'Yes', /next period/],
    ['QuotaExceeded', 'Frequency limit reached', 'Yes', /next period/],
    ['InvalidRequest', 'Data fetch frequency exceeded for consent', 'Yes', /next period/],
    ['InvalidConsentUse', 'The consent is of fetch type ONETIME and has been used.', 'No', /new one/],
    ['InvalidConsentUse', 'Frequency of a one-time consent is exceeded', 'No', /new one/],
    ['InvalidRequest', 'The consent was already used', 'No', /new one/],
  ])('%s, “%s”: %s', (code, message, eligibility, remedy) => {
    for (const status of [400, 200, 404, 422]) {
      expect(classify(answered(status, code, message))).toMatchObject({
        kind: 'final',
        classified: true,
        eligibility,
        error: { code, message: expect.stringContaining(message.trim()) },
      });
    }
    const verdict = classify(answered(400, code, message));
    expect(verdict.kind === 'final' && verdict.error.message).toMatch(remedy);
  });

  test.each<[number, string, string]>([
    [400, 'SomethingNew', 'Nobody has seen this yet'],
    [400, 'InvalidRequest', ' [ sessionId must be a valid GUID ] '],
    [200, 'Oops', ''],
    [400, 'xInvalidDateRange', ''],
  ])('%i %s “%s” is in no table: Yes, and counted apart', (status, code, message) => {
    expect(classify(answered(status, code, message))).toMatchObject({
      kind: 'final',
      classified: false,
      eligibility: 'Yes',
      error: { code, message },
    });
  });

  test.each(
    [
      'InvalidDateRange',
      'InvalidConsentId',
      'InvalidConsentStatus',
      'ConsentRevoked',
      'ConsentExpired',
      'ConsentPaused',
      'InvalidConsentUse',
      'InvalidConfigId',
      'ConfigNotFound',
    ].flatMap((code) => [`x${code}`, `${code}x`]),
  )('%s is none of the codes that are known', (code) => {
    expect(classify(answered(400, code, 'Wrong'))).toMatchObject({ eligibility: 'Yes', classified: false });
  });

  test.each(
    ['configuration', 'revoked', 'quota', 'paused', 'date'].flatMap((message) =>
      ['xInvalidRequest', 'InvalidRequests'].map((code) => [code, message] as const),
    ),
  )('%s with “%s” is no InvalidRequest', (code, message) => {
    expect(classify(answered(400, code, message))).toMatchObject({ eligibility: 'Yes', classified: false });
  });

  test.each(['consentId could not be validated', 'Update the request', 'The mandate is missing'])(
    'InvalidRequest “%s” is not about a date',
    (message) => {
      expect(classify(answered(400, 'InvalidRequest', message))).toMatchObject({
        eligibility: 'Yes',
        classified: false,
      });
    },
  );
});

describe('the error of a row', () => {
  test('has a message of at most 300 characters and a code of at most 64', () => {
    const error = rowError('c'.repeat(100), 'm'.repeat(1000));
    expect(error.message).toBe(`${'m'.repeat(MESSAGE_LIMIT - 1)}…`);
    expect(error.code).toHaveLength(64);
    expect(rowError('code', 'm'.repeat(300)).message).toBe('m'.repeat(300));
  });

  test.each(['AA_ERR_2001', 'E1001', 'A1', 'consent.paused', 'Not-Found'])(
    'has the code that FinPro gave: %s',
    (code) => {
      expect(rowError(code, 'm').code).toBe(code);
    },
  );

  test.each([
    'someone@finvu 1234',
    '<b>Invalid</b>',
    '1234567890',
    'A12345',
    'A12345B',
    '1A',
    'B!',
    '',
    'Two words',
    'E\nnext',
  ])('has no code from outside that is none: %j', (code) => {
    expect(rowError(code, 'm').code).toBe('UpstreamError');
    const verdict = classify(answered(400, code || 'a b', 'm'));
    expect(verdict.kind === 'final' && verdict.error.code).toBe('UpstreamError');
  });

  test('says what to change even where the upstream says a lot', () => {
    const verdict = classify(answered(400, 'InvalidDateRange', 'The range is wrong. '.repeat(40)));
    expect(verdict.kind === 'final' && verdict.error.message).toMatch(/Change fiDataRangeFrom and fiDataRangeTo/);
  });

  test.each([
    [' Paused \n', 'Paused Try again when the customer has resumed the consent.'],
    ['  ', 'Try again when the customer has resumed the consent.'],
    ['p'.repeat(1000), `${'p'.repeat(247)} Try again when the customer has resumed the consent.`],
  ])('ends in what to change, one space after what the upstream says: %j', (message, told) => {
    expect(classify(answered(400, 'ConsentPaused', message))).toMatchObject({ error: { message: told } });
  });
});
