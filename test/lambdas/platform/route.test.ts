import type { Context } from 'aws-lambda';
import { expect, test } from 'vitest';
import { hashSecret } from '#lambdas/clients/secret.ts';
import { notFoundFunction } from '#lambdas/platform/not-found/handler.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import { UNCOUNTED } from '#test/world/calls.ts';
import { invocation } from '#test/world/captured-output.ts';

const CLIENT = {
  client_id: 'lender-client',
  client_secret: 'a-secret-of-the-lender',
  organisationId: 'lender',
  appIdentifier: 'lender-app',
};
const OURS = '0a1b2c3d-0000-4000-8000-000000000000';
/** Clients may name the gateway's request id themselves. */
const CHOSEN = '11111111-2222-4333-8444-555555555555';

const notFound = notFoundFunction({
  clients: {
    find: async () => ({
      clientId: CLIENT.client_id,
      organisationId: CLIENT.organisationId,
      appIdentifiers: [CLIENT.appIdentifier],
      secrets: [hashSecret(CLIENT.client_secret)],
      disabled: false,
    }),
  },
  clock: { now: () => Date.UTC(2026, 10, 20) },
  ids: { uuid: () => OURS },
  calls: UNCOUNTED,
  settings: readSettings({}),
});

const call = (headers: object, context: Context = invocation('not-found')) =>
  notFound({ headers, body: null, requestContext: { requestId: CHOSEN } }, context);

test.each([
  ['an answer', CLIENT],
  ['a refusal', { ...CLIENT, client_secret: 'wrong' }],
])('%s has a txnid that the caller did not choose, and is kept and sniffed by nobody', async (_, headers) => {
  const { body, headers: answered } = await call(headers);
  expect(JSON.parse(body)).toMatchObject({ txnid: OURS });
  expect(answered).toMatchObject({
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Strict-Transport-Security': expect.stringMatching(/^max-age=\d{8,}/),
  });
});
