import { createServer, type RequestListener } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { MESSAGE_LIMIT } from '#lambdas/upstream/failures.ts';
import { callUpstream, finProClient } from '#lambdas/upstream/finpro.http.ts';
import type { UpstreamAnswer } from '#lambdas/upstream/finpro.ts';
import { fiRequestAnswer, fiStatusAnswer, fiStatusDocument } from '#lambdas/upstream/finpro-answers.ts';
import { listen, stopServer } from '#local/listening.ts';

const SESSION = '7b863266-fcae-478b-906d-4d69e818fe18';
const OPENED = { ver: '1.21.0', response: 'ok', data: { consentId: 'c', sessionId: SESSION } };

const silent: RequestListener = () => {};
let answer: RequestListener = silent;
const server = createServer((request, response) => {
  // The whole call has arrived: whatever happens from here on, FinPro may have processed it.
  request.on('end', () => answer(request, response)).resume();
});
let url: string;
beforeAll(async () => {
  url = await listen(server, 0);
});
afterEach(() => {
  answer = silent;
});
afterAll(() => stopServer(server));

const call = (to = url, timeout = 5_000): Promise<UpstreamAnswer<{ sessionId: string }>> =>
  callUpstream({ url: to, headers: {}, body: { consentId: 'c' }, timeout, answer: fiRequestAnswer });

const text =
  (status: number, body: string, headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    response.writeHead(status, headers).end(body);
const error = (errorCode: unknown, errorMsg = 'Said so.') => JSON.stringify({ ver: '1.21.0', errorCode, errorMsg });

test.each(['', '/', '/gateway/v1', '/gateway/v1/'])('an address that ends in "%s" keeps its path', async (path) => {
  const paths: (string | undefined)[] = [];
  answer = (request, response) => {
    paths.push(request.url);
    response.end(JSON.stringify(OPENED));
  };
  const credentials = { client_id: 'c', client_secret: 's', organisationId: 'o', appIdentifier: 'a' };
  const credentialsOf = Object.assign(async () => credentials, { forget: () => {} });
  const finPro = finProClient({ baseUrl: `${url}${path}`, timeout: 5_000, credentialsOf });
  await finPro.fiStatus('org', { sessionId: SESSION });
  expect(paths).toEqual([`${path.replace(/\/$/, '')}/consent/firequest/status`]);
});

describe('a call that never left us', () => {
  test.each([
    ['a port that nobody listens on', async () => call(await closedPort()), 'ECONNREFUSED'],
    // A label of more than 63 characters is in no zone, so that no name server is asked.
    ['a name that is not there', async () => call(`http://${'x'.repeat(64)}.invalid`), 'ENOTFOUND'],
    ['a port that does not speak TLS', async () => call(url.replace('http:', 'https:')), 'SSL'],
  ])('%s', async (_, made, code) => {
    const answered = await made();
    expect(answered).toMatchObject({
      ok: false,
      failure: { sent: 'no', message: expect.stringContaining(code) },
    });
  });

  test('a port that is closed before TLS has begun', async () => {
    const mute = createServer().on('connection', (socket) => socket.destroy());
    const address = await listen(mute, 0);
    const answered = await call(address.replace('http:', 'https:'));
    await stopServer(mute);
    expect(answered).toMatchObject({ ok: false, failure: { sent: 'no' } });
  });

  async function closedPort(): Promise<string> {
    const gone = createServer();
    const address = await listen(gone, 0);
    await stopServer(gone);
    return address;
  }
});

describe('a call that may have been processed', () => {
  test.each<[string, RequestListener]>([
    ['is cut without an answer', (request) => request.socket.resetAndDestroy()],
    ['is closed without an answer', (request) => request.socket.end()],
    [
      'is cut in the middle of its answer',
      (request, response) => {
        response.writeHead(200, { 'content-length': '1000' }).write('{"ver":');
        setImmediate(() => request.socket.resetAndDestroy());
      },
    ],
    [
      'is answered with what is no HTTP',
      (request) => {
        request.socket.end('nonsense\r\n\r\n');
      },
    ],
    ['is answered with HTML', text(200, '<html><body>Please try again later</body></html>')],
    ['is answered with JSON cut in the middle', text(200, JSON.stringify(OPENED).slice(0, 40))],
    ['is answered with nothing', text(200, '')],
    ['is answered with more than 1 MB', text(200, JSON.stringify({ ...OPENED, more: 'x'.repeat(1024 * 1024) }))],
    ['is answered with wrong types', text(200, JSON.stringify({ ...OPENED, data: { sessionId: 17 } }))],
    ['is answered with an error code that is none', text(200, error(17))],
  ])('%s', async (_, how) => {
    answer = how;
    expect(await call()).toMatchObject({ ok: false, failure: { sent: 'maybe', timedOut: false } });
  });

  test.each([
    ['lists', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
    ['objects', `${'{"a":'.repeat(5_000)}null${'}'.repeat(5_000)}`],
  ])('is answered with %s nested 5,000 deep, which nobody can pass on', async (_, nested) => {
    answer = text(200, `{"data":{"sessionId":"${SESSION}","eventStatus":"DATA_READY","more":${nested}}}`);
    const document = await callUpstream({ url, headers: {}, body: {}, timeout: 5_000, answer: fiStatusDocument });
    expect(document).toMatchObject({ ok: false, failure: { sent: 'maybe', timedOut: false } });
  });

  test('is cut off where its answer never ends', async () => {
    const left = Promise.withResolvers<void>();
    answer = (_, response) => {
      const filler = 'x'.repeat(64 * 1024);
      const fill = (): void => {
        while (!response.destroyed && response.write(filler));
      };
      response.on('drain', fill).on('close', left.resolve).writeHead(200);
      fill();
    };
    expect(await call()).toMatchObject({
      ok: false,
      failure: { sent: 'maybe', timedOut: false, message: expect.stringContaining('1 MB') },
    });
    await left.promise;
  });

  test.each<[string, RequestListener]>([
    ['is not answered in time', silent],
    ['is not answered to the end in time', (_, response) => response.writeHead(200).write('{"ver":')],
  ])('%s', async (_, how) => {
    answer = how;
    expect(await call(url, 50)).toMatchObject({ ok: false, failure: { sent: 'maybe', timedOut: true } });
  });
});

describe('a network error after a connection was made', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  test.each([
    ['EHOSTUNREACH', 'read'],
    ['ENETUNREACH', 'read'],
    ['EPROTO', 'write'],
    ['ECONNREFUSED', 'read'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', undefined],
  ])('%s of %s: the call may have been processed, whatever its code', async (code, syscall) => {
    const cause = Object.assign(new Error(code), { code, syscall });
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('fetch failed', { cause })));
    expect(await call()).toMatchObject({
      ok: false,
      failure: { sent: 'maybe', timedOut: false, message: expect.stringContaining(code) },
    });
  });
});

describe('a call that was answered', () => {
  test.each<[string, RequestListener, number, string | null]>([
    ['500 of FinPro', text(500, error('InternalServerError')), 500, 'InternalServerError'],
    ['502 of a gateway', text(502, '<html></html>'), 502, null],
    ['503 of FinPro', text(503, error('ServiceUnavailable')), 503, 'ServiceUnavailable'],
    ['503 of a gateway', text(503, ''), 503, null],
    ['504 of a gateway', text(504, '{"message":"Endpoint request timed out"}'), 504, null],
    ['401', text(401, error('Unauthorized')), 401, 'Unauthorized'],
    ['400 with its code', text(400, error('ConsentRevoked')), 400, 'ConsentRevoked'],
    ['an error on a 200', text(200, error('InvalidConsentId')), 200, 'InvalidConsentId'],
    ['a redirection', text(302, '', { location: 'https://example.com' }), 302, null],
  ])('%s', async (_, how, status, code) => {
    answer = how;
    expect(await call()).toMatchObject({ ok: false, failure: { sent: 'answered', status, code } });
  });

  test('with an error as long as it likes tells as much of it as anybody reads', async () => {
    answer = text(400, error('Quota'.repeat(10_000), 'm'.repeat(100_000)));
    const { failure } = Object(await call());
    expect(failure.code).toHaveLength(128);
    expect(failure.message).toHaveLength(1_000);
    expect(fiStatusDocument.parse({ message: 'm'.repeat(10_000), data: { sessionId: SESSION } }).message).toHaveLength(
      MESSAGE_LIMIT,
    );
  });

  test('up to 1 MB is read', async () => {
    answer = text(200, JSON.stringify({ ...OPENED, more: 'ä'.repeat(500 * 1024) }));
    expect(await call()).toMatchObject({ ok: true, value: { sessionId: SESSION } });
  });

  test.each([
    ['null', { sessionId: SESSION, eventStatus: null }],
    ['missing', { sessionId: SESSION }],
  ])('with a status that is %s is pending', (_, data) => {
    expect(fiStatusAnswer.parse({ data })).toMatchObject({ sessionId: SESSION, eventStatus: 'PENDING' });
    // A client gets it as it is.
    expect(fiStatusDocument.parse({ data })).toEqual({ message: 'success', data });
  });

  test('with a session, beside which fields may be that nobody knows', async () => {
    answer = text(200, JSON.stringify({ ...OPENED, more: [1, { 2: 3 }] }));
    expect(await call()).toMatchObject({ ok: true, value: { sessionId: SESSION } });
  });

  test.each([
    [200, JSON.stringify(OPENED)],
    [429, error('TooManyRequests')],
  ])('with %i tells of the rate window, whose reset is a time in seconds', async (status, body) => {
    answer = text(status, body, {
      'X-RateLimit-Limit': '1000',
      'X-RateLimit-Remaining': '0',
      'X-RateLimit-Reset': '1795168801.2',
      Date: new Date().toUTCString(),
    });
    expect((await call()).headers).toEqual({ limit: 1000, remaining: 0, resetAt: 1_795_168_801_200 });
  });

  test.each([
    ['10 s fast', 10_000],
    ['25 s slow', -25_000],
    ['right', 0],
  ])('from a clock that is %s tells of it by ours', async (_, offset) => {
    const resetAt = Date.now() + 30_000;
    answer = text(200, JSON.stringify(OPENED), {
      Date: new Date(Date.now() + offset).toUTCString(),
      'X-RateLimit-Reset': String((resetAt + offset) / 1000),
    });
    const told = (await call()).headers.resetAt ?? Number.NaN;
    // `Date` has whole seconds.
    expect(Math.abs(told - resetAt)).toBeLessThanOrEqual(1_500);
  });

  test('without a readable Date is believed as it is', async () => {
    answer = text(200, JSON.stringify(OPENED), { Date: 'today', 'X-RateLimit-Reset': '1795168801.2' });
    expect((await call()).headers.resetAt).toBe(1_795_168_801_200);
  });

  test('with headers that are no numbers tells nothing', async () => {
    answer = text(200, JSON.stringify(OPENED), { 'X-RateLimit-Limit': 'many', 'X-RateLimit-Reset': '-1' });
    expect((await call()).headers).toEqual({ limit: null, remaining: null, resetAt: null });
  });
});

test('an FI request names its range in UTC, and a date alone at its end is the last moment of that day', async () => {
  let body: unknown;
  const recording = createServer(async (request, response) => {
    body = await json(request);
    response.end(JSON.stringify(OPENED));
  });
  const credentials = { client_id: 'c', client_secret: 's', organisationId: 'lender', appIdentifier: 'a' };
  const credentialsOf = Object.assign(async () => credentials, { forget: () => {} });
  const finPro = finProClient({ baseUrl: await listen(recording, 0), timeout: 5_000, credentialsOf });
  const range = { fiDataRangeFrom: '2024-06-30', fiDataRangeTo: '2024-06-30' };
  await finPro.requestFi('lender', { consentId: 'c', ...range, configId: null });
  await stopServer(recording);
  expect(body).toEqual({
    consentId: 'c',
    fiDataRangeFrom: '2024-06-30T00:00:00.000Z',
    fiDataRangeTo: '2024-06-30T23:59:59.999Z',
  });
});
