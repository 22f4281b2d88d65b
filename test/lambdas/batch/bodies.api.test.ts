import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiFunction, type ApiUnderTest, apiUnderTest } from '#test/world/api-under-test.ts';

const CONSENT = '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7';
const GZIP = { 'Content-Encoding': 'gzip' };

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
  await api.call('schedule-batch', { reference_id: 'body-test', consents_list: [{ consent_id: CONSENT }] });
});
afterAll(() => api.close());

let references = 0;
const batch = (change: object = {}): string => {
  references += 1;
  return JSON.stringify({
    reference_id: `body-test-${references}`,
    consents_list: [{ consent_id: CONSENT }],
    ...change,
  });
};

const bytesOf = (text: string): Uint8Array => Buffer.from(text);

/** Each path with a body that it takes, as text. */
const PATHS: readonly [ApiFunction, () => string][] = [
  ['schedule-batch', batch],
  ['create-upload', () => JSON.stringify({ file_name: 'a.csv' })],
  ['batch-status', () => JSON.stringify({ reference_id: 'body-test' })],
];

describe.each(PATHS)('a body of %s', (name, body) => {
  test.each<[string, (text: string) => unknown, object]>([
    ['as text', (text) => text, {}],
    ['as bytes', bytesOf, {}],
    ['with a byte order mark', (text) => bytesOf(`\ufeff${text}`), {}],
    ['with a byte order mark, as text', (text) => `\ufeff${text}`, {}],
    ['packed', (text) => new Uint8Array(gzipSync(text)), GZIP],
    ['packed by another name', (text) => new Uint8Array(gzipSync(text)), { 'Content-Encoding': 'X-Gzip' }],
    ['that says that it is as it is', bytesOf, { 'Content-Encoding': 'identity' }],
    ['that the gateway has unpacked', bytesOf, GZIP],
  ])('%s is taken', async (_, to, headers) => {
    expect((await api.call(name, to(body()), { ...headers })).status).toBe(200);
  });

  test.each<[string, Uint8Array, Record<string, string>, number, string, RegExp]>([
    [
      'that is not UTF-8',
      Buffer.concat([bytesOf('{"a": "'), Buffer.from([0xe9]), bytesOf('"}')]),
      {},
      400,
      'body',
      /not UTF-8/,
    ],
    ['of half a surrogate', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), {}, 400, 'body', /not UTF-8/],
    ['that is packed and does not say so', gzipSync('{}'), {}, 400, 'Content-Encoding', /say so with the header/],
    ['that is cut off', gzipSync(batch()).subarray(0, 20), GZIP, 400, 'Content-Encoding', /not gzip, or cut off/],
    [
      'packed otherwise',
      bytesOf('x'),
      { 'Content-Encoding': 'br' },
      415,
      'Content-Encoding',
      /br is not known; send gzip/,
    ],
    ['packed twice', bytesOf('x'), { 'Content-Encoding': 'gzip, gzip' }, 415, 'Content-Encoding', /is not known/],
    ['with an invisible character before it', bytesOf('\u200b{}'), {}, 400, 'body', /U\+200B/],
  ])('%s is refused', async (_, body_, headers, status, field, message) => {
    expect(await api.call(name, Uint8Array.from(body_), headers)).toMatchObject({
      status,
      body: { errorCode: 'InvalidRequest', errorMsg: expect.stringMatching(message), errorDetails: { field } },
    });
  });

  test('that unpacks to more than 10 MB is refused as soon as it does', async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(64 * 1024 * 1024, ' ')));
    expect(await api.call(name, bomb, GZIP)).toMatchObject({
      status: 413,
      body: { errorCode: 'FileTooLarge', errorMsg: expect.stringMatching(/unpacks to more than 10 MB/) },
    });
  });
});

test('a packed body is looked at after the credentials', async () => {
  const answer = await api.call('schedule-batch', bytesOf('x'), { ...GZIP, client_secret: 'wrong' });
  expect(answer.status).toBe(401);
});

describe('a form', () => {
  const form = (file: string | Uint8Array, type = 'text/csv'): Buffer =>
    Buffer.concat([
      Buffer.from(
        `--b\r\nContent-Disposition: form-data; name="file"; filename="consents.csv"\r\nContent-Type: ${type}\r\n\r\n`,
      ),
      Buffer.from(file),
      Buffer.from('\r\n--b--\r\n'),
    ]);
  const FORM = { 'Content-Type': 'multipart/form-data; boundary=b' };

  test('that is packed is taken', async () => {
    const body = new Uint8Array(gzipSync(form(`consentId\n${CONSENT}\n`)));
    expect((await api.call('upload-batch', body, { ...FORM, ...GZIP })).status).toBe(200);
  });

  const zip = (entry: string) => Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), Buffer.alloc(26), Buffer.from(entry)]);
  test.each<[string, Uint8Array, string, RegExp]>([
    ['gzip', gzipSync('consentId'), 'application/gzip', /a gzip file; unpack it/],
    ['zip', zip('consents.csv'), 'application/zip', /a zip file; unpack it/],
    [
      'xlsx',
      zip('[Content_Types].xml'),
      'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
      /an Excel workbook; save it as CSV/,
    ],
    ['xls', Buffer.from('d0cf11e0a1b11ae1', 'hex'), 'application/vnd.ms-excel', /an Excel workbook; save it as CSV/],
    ['PDF', Buffer.from('%PDF-1.7\n'), 'application/pdf', /a PDF/],
  ])('with %s as consents.csv is told what it is', async (_, file, providedType, message) => {
    for (const type of ['text/csv', 'application/json']) {
      expect(await api.call('upload-batch', new Uint8Array(form(file, type)), FORM)).toMatchObject({
        status: 400,
        body: {
          errorCode: 'UnsupportedFileType',
          errorMsg: expect.stringMatching(message),
          errorDetails: { providedType, acceptedTypes: ['application/json', 'text/csv'] },
        },
      });
    }
  });
});
