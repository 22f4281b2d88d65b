import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ApiUnderTest, apiUnderTest } from '#test/world/api-under-test.ts';

const CONSENT = '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7';
const FILE = {
  disposition: 'name="file"; filename="consents.csv"',
  type: 'text/csv',
  content: `consentId\n${CONSENT}\n`,
};

interface Part {
  readonly disposition: string;
  readonly type?: string;
  readonly content: string | Uint8Array;
  readonly header?: string;
}

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
});
afterAll(() => api.close());

function formOf(parts: readonly Part[], boundary = 'a-boundary'): Uint8Array {
  const bytes = parts.flatMap(({ disposition, type, content, header }) => [
    `--${boundary}\r\n`,
    disposition === ''
      ? ''
      : `Content-Disposition: ${disposition.includes(';') && !disposition.startsWith('name') ? '' : 'form-data; '}${disposition}\r\n`,
    type === undefined ? '' : `Content-Type: ${type}\r\n`,
    header === undefined ? '' : `${header}\r\n`,
    '\r\n',
    content,
    '\r\n',
  ]);
  return Buffer.concat([...bytes, `--${boundary}--\r\n`].map((part) => Buffer.from(part)));
}

const send = (parts: readonly Part[]) =>
  api.call('upload-batch', formOf(parts), { 'Content-Type': 'multipart/form-data; boundary=a-boundary' });

let references = 0;
const reference = (): Part & { readonly content: string } => {
  references += 1;
  return { disposition: 'name="reference_id"', content: `form-test-${references}` };
};

const configOf = async ({ content }: { readonly content: string }) => {
  const { body } = await api.call('batch-status', { reference_id: content });
  const { metadata } = Object(body['data']);
  return metadata.global_config;
};

describe('a field of a form', () => {
  const CONFIG = '{"fiDataRangeFrom":"2024-01-01","configId":"c"}';
  test.each<[string, Part]>([
    [
      'with a file name and a type, as FormData sends a blob',
      { disposition: 'name="global_config"; filename="blob"', type: 'application/json', content: CONFIG },
    ],
    [
      'without a file name, as bytes',
      { disposition: 'name="global_config"', type: 'application/octet-stream', content: CONFIG },
    ],
    ['with a type', { disposition: 'name="globalConfig"', type: 'application/json; charset=utf-8', content: CONFIG }],
    ['with a byte order mark', { disposition: 'name="global_config"; filename="c.json"', content: `\ufeff${CONFIG}` }],
    ['with a byte order mark, as text', { disposition: 'name="global_config"', content: `\ufeff${CONFIG}` }],
  ])('%s is that field', async (_, part) => {
    const name = reference();
    expect((await send([name, part, FILE])).status).toBe(200);
    expect(await configOf(name)).toEqual({ fiDataRangeFrom: '2024-01-01', fiDataRangeTo: null, configId: 'c' });
  });

  test.each<[string, Part, string, RegExp]>([
    [
      'that is neither a field nor the file',
      { disposition: 'name="config"; filename="c.json"', content: CONFIG },
      'config',
      /neither a field of this form nor its file/,
    ],
    ['without a name', { disposition: 'filename="c.json"', content: CONFIG }, 'body', /part without a name/],
    ['without a name, as text', { disposition: 'x=y', content: CONFIG }, 'body', /part without a name/],
    [
      'without a disposition',
      { disposition: '', header: 'X-Note: 1', content: CONFIG },
      'body',
      /Content-Disposition: form-data/,
    ],
    [
      'of another disposition',
      { disposition: 'attachment; name="global_config"', content: CONFIG },
      'body',
      /Content-Disposition: form-data/,
    ],
    [
      'in base64',
      { disposition: 'name="configId"', header: 'Content-Transfer-Encoding: base64', content: 'Yw==' },
      'configId',
      /Content-Transfer-Encoding base64/,
    ],
    ['that is too long', { disposition: 'name="configId"', content: 'c'.repeat(70_000) }, 'configId', /too long/],
    [
      'that is too long, with a file name',
      { disposition: 'name="configId"; filename="c"', content: 'c'.repeat(70_000) },
      'configId',
      /too long/,
    ],
    [
      'that is not UTF-8, with a file name',
      { disposition: 'name="configId"; filename="c"', content: new Uint8Array([0x63, 0xe9]) },
      'configId',
      /not UTF-8/,
    ],
    [
      'that is not UTF-8',
      { disposition: 'name="configId"', content: new Uint8Array([0x63, 0xe9]) },
      'configId',
      /U\+FFFD/,
    ],
    [
      'that is the file without a file name',
      { disposition: 'name="file"', type: 'text/csv', content: CONFIG },
      'file',
      /has no file name/,
    ],
  ])('%s is refused, and not dropped', async (_, part, field, message) => {
    for (const parts of [
      [part, FILE],
      [FILE, part],
    ]) {
      expect(await send(parts)).toMatchObject({
        status: 400,
        body: { errorCode: 'InvalidRequest', errorMsg: expect.stringMatching(message), errorDetails: { field } },
      });
    }
  });

  test.each<[string, Part[], RegExp]>([
    [
      '33 fields',
      Array.from({ length: 33 }, (_, n) => ({ disposition: `name="note-${n}"`, content: 'x' })),
      /at most 32 parts of text/,
    ],
    ['10 files', Array.from({ length: 10 }, () => FILE), /at most 8 parts with a file name/],
    [
      'a field twice',
      [
        { disposition: 'name="configId"', content: 'a' },
        { disposition: 'name="configId"; filename="b"', content: 'b' },
      ],
      /Send configId only once/,
    ],
    ['the file twice', [FILE], /exactly one `file` part/],
  ])('%s are more than a form may have', async (_, parts, message) => {
    // The last of them decides: a limit that drops what comes after it would lose these.
    const last = [reference(), { disposition: 'name="fiDataRangeFrom"', content: '2024-01-01' }];
    expect(await send([...parts, FILE, ...last])).toMatchObject({
      status: 400,
      body: { errorMsg: expect.stringMatching(message) },
    });
  });

  test('whose name nobody knows is ignored', async () => {
    expect((await send([reference(), { disposition: 'name="note"', content: 'x' }, FILE])).status).toBe(200);
  });

  test('in a form with a preamble, an epilogue and boundaries in its file counts as one', async () => {
    const name = reference();
    const file = { ...FILE, content: `consentId,note\n${CONSENT},--a-boundary\n` };
    const body = Buffer.concat([
      Buffer.from('preamble\r\n'),
      formOf([name, file]),
      Buffer.from('\r\n--a-boundary\r\n'),
    ]);
    const type = { 'Content-Type': 'multipart/form-data; boundary="a-boundary"' };
    expect((await api.call('upload-batch', body, type)).status).toBe(200);
  });

  test('whose file has a name of several lines is refused', async () => {
    const file = { ...FILE, disposition: `name="file"; filename*=UTF-8''a%0D%0Ab.csv` };
    expect(await send([reference(), file])).toMatchObject({
      status: 400,
      body: { errorDetails: { field: 'file' }, errorMsg: expect.stringMatching(/one line/) },
    });
  });
});
