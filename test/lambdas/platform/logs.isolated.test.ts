import '#test/world/production-telemetry.ts';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { hashSecret } from '#lambdas/clients/secret.ts';
import { memoryStatusCache } from '#lambdas/upstream/fi-request-status/status-cache.ts';
import type { FiStatusDocument } from '#lambdas/upstream/finpro.ts';
import { type CapturedOutput, captureOutput, invocation } from '#test/world/captured-output.ts';
import { account, answered, fails, LOST, OPENS } from '#test/world/consent-behaviour.ts';
import { runToEnd } from '#test/world/run.ts';
import { consentId, consents, ORGANISATION, REFERENCE } from '#test/world/submissions.ts';
import { roomyWorld } from '#test/world/unit-worlds.ts';

const SECRET = 'the-secret-of-the-client';
const WRONG_SECRET = 'a-secret-that-is-wrong';
const VUA = 'someone@finvu';
/** Balances and masked account numbers as the simulated world has them. */
const BALANCE = '1024.50';
const ACCOUNT = 'XXXXXXXX0001';
/** Stands in bodies, where no field of ours is. */
const BODY = 'a-part-of-a-body';
const NEVER_LOGGED = [SECRET, WRONG_SECRET, VUA, BALANCE, ACCOUNT, BODY];

/** What API Gateway calls a request, and its caller can't choose. */
const GATEWAY_REQUEST = 'A1B2C3D4E5F6A7B8=';

const HEADERS = {
  'Content-Type': 'application/json',
  client_id: 'lender-client',
  client_secret: SECRET,
  appIdentifier: 'lender-app',
  organisationId: ORGANISATION,
};

const logLine = z.looseObject({ level: z.string(), message: z.string(), function: z.string() });
const anAnswer = z.object({ statusCode: z.number(), body: z.string() });

let output: CapturedOutput;
let call: (name: keyof Awaited<ReturnType<typeof connect>>, body: unknown, headers?: object) => Promise<string>;
const world = roomyWorld();

/** The functions as they are deployed, with all their telemetry, on the simulated world. */
async function connect() {
  const { powertoolsTelemetry } = await import('#lambdas/platform/telemetry.ts');
  const clients = {
    find: async () => ({
      clientId: HEADERS.client_id,
      organisationId: ORGANISATION,
      appIdentifiers: [HEADERS.appIdentifier],
      secrets: [hashSecret(SECRET)],
      disabled: false,
    }),
  };
  const document: FiStatusDocument = {
    message: 'success',
    data: { sessionId: consentId(9), eventStatus: 'DATA_READY', vua: VUA, maskedAccountNumber: ACCOUNT },
  };
  const ports = {
    ...world,
    telemetry: powertoolsTelemetry,
    clients,
    statusCache: memoryStatusCache(),
    finPro: {
      ...world.finPro,
      statusDocument: async () => ({
        ok: true as const,
        value: document,
        headers: { limit: null, remaining: null, resetAt: null },
      }),
    },
    wait: async () => {},
  };
  const startChunk = (await import('#lambdas/chunk/start-chunk/handler.ts')).startChunkFunction(ports);
  const advanceChunk = (await import('#lambdas/chunk/advance-chunk/handler.ts')).advanceChunkFunction(ports);
  world.chunkQueue.consumer = async (messageId, body) => {
    await startChunk({ Records: [{ messageId, body }] }, invocation('start-chunk'));
    return true;
  };
  world.workflow.advance = (input) => advanceChunk(input, invocation('advance-chunk'));
  return {
    'schedule-batch': (await import('#lambdas/batch/schedule-batch/handler.ts')).scheduleBatchFunction(ports),
    'batch-status': (await import('#lambdas/batch/batch-status/handler.ts')).batchStatusFunction(ports),
    'fi-request-status': (await import('#lambdas/upstream/fi-request-status/handler.ts')).fiRequestStatusFunction(
      ports,
    ),
    'recover-batches': (await import('#lambdas/chunk/recover-batches/handler.ts')).recoverBatchesFunction(ports),
    'start-chunk': startChunk,
  };
}

beforeAll(async () => {
  const functions = await connect();
  output = captureOutput();
  call = async (name, body, headers = {}) => {
    const event = {
      headers: { ...HEADERS, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      requestContext: { requestId: randomUUID(), extendedRequestId: GATEWAY_REQUEST },
    };
    const { statusCode, body: answer } = anAnswer.parse(await functions[name](event, invocation(name)));
    return `${statusCode} ${answer}`;
  };

  world.finPro.behave(consentId(1), { statusFailures: [LOST], balanceFailures: [answered(500, VUA, VUA)] });
  world.finPro.behave(consentId(2), { requests: [fails(answered(400, 'NeverHeardOf', `${VUA} ${ACCOUNT}`))] });
  world.finPro.behave(consentId(3), {
    requests: [OPENS],
    session: { after: 0, eventStatus: 'DATA_READY', accounts: [account(1)] },
  });
  expect(
    await call('schedule-batch', {
      reference_id: REFERENCE,
      note: BODY,
      consents_list: consents(5).map((consent_id) => ({ consent_id, vua: VUA })),
    }),
  ).toMatch(/^200/);
  await runToEnd(world);

  // What must not be in the logs has been there to be logged.
  expect(await call('batch-status', { reference_id: REFERENCE, note: BODY })).toMatch(/^400/);
  const status = await call('batch-status', { reference_id: REFERENCE, include_balances: true });
  for (const text of [BALANCE, ACCOUNT]) expect(status).toContain(text);
  expect(await call('fi-request-status', { sessionId: consentId(9) })).toContain(VUA);

  expect(await call('schedule-batch', `{"note": "${BODY}", ${VUA}`)).toMatch(/^400/);
  expect(await call('schedule-batch', { reference_id: BODY, consents_list: [{ consent_id: VUA }] })).toMatch(/^400/);
  expect(await call('batch-status', { reference_id: REFERENCE }, { client_secret: WRONG_SECRET })).toMatch(/^401/);
  world.batches.read = async () => {
    throw Object.assign(new Error('the table is away'), { $response: { body: VUA }, Item: { balance: BALANCE } });
  };
  expect(await call('batch-status', { reference_id: REFERENCE, filters: { search: BODY } })).toMatch(/^500/);
  const message = { Records: [{ messageId: 'm-1', body: `{"organisationId": ${VUA}}` }] };
  await functions['start-chunk'](message, invocation('start-chunk'));
  await functions['recover-batches']({}, invocation('recover-batches'));
}, 60_000);
afterAll(() => output.release());

const lines = () =>
  output.lines.map((line): unknown => JSON.parse(line)).flatMap((line) => logLine.safeParse(line).data ?? []);

test.each(NEVER_LOGGED)('%s is in no line', (text) => {
  expect(output.lines.filter((line) => line.includes(text))).toEqual([]);
});

test('every line is one JSON object: a log line, or metrics', () => {
  const others = output.lines.filter((line) => !/^\{.*\}$/.test(line));
  expect(others).toEqual([]);
  expect(output.lines.length).toBeGreaterThan(lines().length);
});

describe('what is logged', () => {
  test('of an accepted batch: who, which batch, under which txnid', () => {
    expect(lines()).toContainEqual(
      expect.objectContaining({
        message: 'answered',
        function: 'schedule-batch',
        status: 200,
        organisationId: ORGANISATION,
        clientId: HEADERS.client_id,
        batchId: expect.any(String),
        txnid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        gatewayRequestId: GATEWAY_REQUEST,
      }),
    );
  });

  test.each([
    [400, 'InvalidRequest'],
    [401, 'Unauthorized'],
  ])('of a refusal with %d: its code', (status, errorCode) => {
    expect(lines()).toContainEqual(expect.objectContaining({ message: 'refused', status, errorCode }));
  });

  test('of a fault of ours: the error', () => {
    expect(lines()).toContainEqual(
      expect.objectContaining({
        level: 'ERROR',
        message: 'the request failed',
        error: expect.objectContaining({ message: 'the table is away' }),
      }),
    );
  });

  test('of an error of the upstream that is in no rule: the chunk it came up in', () => {
    expect(lines()).toContainEqual(
      expect.objectContaining({
        level: 'WARN',
        errorCode: 'NeverHeardOf',
        organisationId: ORGANISATION,
        batchId: expect.any(String),
        chunk: 0,
      }),
    );
  });

  test('of a message that cannot be read: which one', () => {
    expect(lines()).toContainEqual(
      expect.objectContaining({ message: 'could not process a message', messageId: 'm-1' }),
    );
  });
});
