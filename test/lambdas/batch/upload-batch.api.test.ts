import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Answer, type ApiUnderTest, apiUnderTest } from '#test/world/api-under-test.ts';

/** The CSV example of docs/spec/upload-batch.md. */
const CSV = `consentId,fiDataRangeFrom,fiDataRangeTo,configId
54450ac0-8bcb-4b9c-ad74-29b4fabe18f7,2024-01-01T00:00:00Z,2024-06-30T23:59:59Z,config-1
7b2d9e3a-1f4c-4a8b-9c6d-2e5f8a9b0c1d,,,config-2
9a8b7c6d-5e4f-3a2b-1c0d-9e8f7a6b5c4d,2024-07-01T00:00:00Z,2024-12-31T23:59:59Z,
`;

/** The JSON example of docs/spec/upload-batch.md. */
const JSON_FILE = `[
  { "consent_id": "54450ac0-8bcb-4b9c-ad74-29b4fabe18f7", "fiDataRangeFrom": "2024-01-01T00:00:00Z", "fiDataRangeTo": "2024-06-30T23:59:59Z", "configId": "config-1" },
  { "consentId": "7b2d9e3a-1f4c-4a8b-9c6d-2e5f8a9b0c1d", "configId": "config-2" }
]`;

const CONSENT = '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
});
afterAll(() => api.close());

interface Upload {
  readonly file?: string | Uint8Array<ArrayBuffer>;
  readonly name?: string;
  readonly type?: string;
  readonly fields?: Record<string, string>;
  readonly headers?: Record<string, string>;
}

/** Posts a form as a browser would. */
async function upload({
  file,
  name = 'consents.csv',
  type = 'text/csv',
  fields = {},
  headers = {},
}: Upload): Promise<Answer> {
  const form = new FormData();
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  if (file !== undefined) form.set('file', new File([file], name, { type }));
  const request = new Request('http://127.0.0.1', { method: 'POST', body: form });
  const contentType = request.headers.get('content-type') ?? '';
  const body = new Uint8Array(await request.arrayBuffer());
  return api.call('upload-batch', body, { 'Content-Type': contentType, ...headers });
}

let references = 0;
const reference = (): string => {
  references += 1;
  return `upload-test-${references}`;
};

const statusOf = async (referenceId: unknown) =>
  (await api.call('batch-status', { reference_id: referenceId })).body['data'];

describe('a file that is in order', () => {
  test("answers the specification's CSV example as documented, with its rows in the status from then on", async () => {
    const reference_id = reference();
    const { status, body } = await upload({ file: CSV, fields: { reference_id } });
    expect(status).toBe(200);
    expect(body).toEqual({
      ver: '1.0',
      timestamp: expect.any(String),
      txnid: expect.any(String),
      status: 'success',
      message: 'File uploaded successfully',
      data: { reference_id, batch_id: expect.any(String), storage_type: 'database', status: 'FILE_UPLOADED' },
    });
    expect(await statusOf(reference_id)).toMatchObject({
      batch_status: 'READY',
      summary: { total: 3, ready: 3 },
      metadata: { file_name: 'consents.csv' },
      records: [{ consent_id: CONSENT, status: 'READY' }, { id: 2 }, { id: 3 }],
    });
  });

  test("accepts the specification's JSON example", async () => {
    const reference_id = reference();
    const { status } = await upload({
      file: JSON_FILE,
      name: 'c.json',
      type: 'application/json',
      fields: { reference_id },
    });
    expect(status).toBe(200);
    expect(await statusOf(reference_id)).toMatchObject({ summary: { total: 2, ready: 2 } });
  });

  test('generates a reference_id when there is none, the same one for a repeat with the same key', async () => {
    const headers = { 'Idempotency-Key': 'without-reference' };
    const first = await upload({ file: CSV, headers });
    const again = await upload({ file: CSV, headers });
    expect(again.body).toEqual(first.body);
    expect(again.headers).toMatchObject({ 'Idempotent-Replayed': 'true' });
    const other = await upload({ file: CSV });
    expect(other.body['data']).not.toEqual(first.body['data']);
  });

  test.each<[string, Record<string, string>, object]>([
    [
      'global_config as JSON',
      { global_config: '{"configId":"g","fiDataRangeFrom":"2024-01-01"}' },
      { configId: 'g', fiDataRangeFrom: '2024-01-01', fiDataRangeTo: null },
    ],
    ['globalConfig as a JSON string', { globalConfig: JSON.stringify('{"configId":"g"}') }, { configId: 'g' }],
    [
      'single fields over the global config',
      { global_config: '{"configId":"g"}', configId: 'own' },
      { configId: 'own' },
    ],
    [
      'global_config over its alias',
      { global_config: '{"configId":"g"}', globalConfig: '{"configId":"alias"}' },
      { configId: 'g' },
    ],
    ['empty fields as absent', { configId: '', fiDataRangeFrom: '', global_config: '' }, { configId: null }],
  ])('takes %s', async (_, fields, expected) => {
    const reference_id = reference();
    await upload({ file: CSV, fields: { reference_id, ...fields } });
    expect(await statusOf(reference_id)).toMatchObject({ metadata: { global_config: expected } });
  });

  test('takes tracking_id for reference_id, and reference_id over tracking_id', async () => {
    const [tracking_id, reference_id] = [reference(), reference()];
    expect((await upload({ file: CSV, fields: { tracking_id } })).body['data']).toMatchObject({
      reference_id: tracking_id,
    });
    expect((await upload({ file: CSV, fields: { tracking_id, reference_id } })).body['data']).toMatchObject({
      reference_id,
    });
  });

  test('takes the global values of a JSON file, unless the form has its own', async () => {
    const file = JSON.stringify({
      configId: 'file',
      fiDataRangeFrom: '2024-01-01',
      consents_list: [{ consentId: CONSENT }],
    });
    const reference_id = reference();
    await upload({ file, name: 'c.json', type: 'application/json', fields: { reference_id, configId: 'form' } });
    expect(await statusOf(reference_id)).toMatchObject({
      metadata: { global_config: { configId: 'form', fiDataRangeFrom: '2024-01-01' } },
    });
  });

  test.each<[string, string]>([
    ['other columns and another order', `note,configId,consentId\nhello,c,${CONSENT}\n`],
    ['CRLF and quotes', `"consentId","configId"\r\n"${CONSENT}","a ""b"", c"\r\n`],
    ['blank lines and no line end at the end', `consentId\n\n\n${CONSENT}\n\n`],
    ['line ends of every kind', `consentId\r\n${CONSENT}\n`],
    ['spaces around values', ` consentId , configId \n ${CONSENT} , c \n`],
  ])('reads a CSV with %s', async (_, file) => {
    const reference_id = reference();
    await upload({ file, fields: { reference_id } });
    expect(await statusOf(reference_id)).toMatchObject({
      summary: { total: 1, ready: 1 },
      records: [{ consent_id: CONSENT }],
    });
  });
});

describe('the type of a file', () => {
  test.each(['application/octet-stream', 'text/plain', 'application/vnd.ms-excel', ''])(
    '%s leaves it to the name',
    async (type) => {
      expect((await upload({ file: CSV, type })).status).toBe(200);
      expect((await upload({ file: CSV, type, name: 'consents.pdf' })).body).toMatchObject({
        errorCode: 'UnsupportedFileType',
      });
    },
  );

  test('a name alone does not make a PDF a CSV', async () => {
    const { status, body } = await upload({ file: CSV, type: 'application/pdf' });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      errorCode: 'UnsupportedFileType',
      errorMsg: 'Only JSON or CSV files are accepted',
      errorDetails: { providedType: 'application/pdf', acceptedTypes: ['application/json', 'text/csv'] },
    });
  });
});

describe('a file that cannot be read as a whole', () => {
  const utf16 = new Uint8Array(Buffer.from(`\ufeff${CSV}`, 'utf16le'));
  const latin1 = new Uint8Array(Buffer.from(`consentId,configId\n${CONSENT},caf\xe9\n`, 'latin1'));
  test.each<[string, string | Uint8Array<ArrayBuffer>, number | undefined, RegExp]>([
    ['a BOM', `\ufeff${CSV}`, 1, /BOM/],
    ['UTF-16', utf16, 1, /UTF-16/],
    ['Latin-1', latin1, 2, /UTF-8/],
    ['a NUL', `consentId\n${CONSENT}\n\0`, 3, /NUL/],
    ['semicolons', `consentId;configId\n${CONSENT};c\n`, 1, /commas/],
    ['no header', `${CONSENT}\n`, 1, /consentId/],
    ['a column twice', `consentId,consentId\n${CONSENT},${CONSENT}\n`, 1, /twice/],
    ['a quote that is not closed', `consentId,configId\n${CONSENT},"c\n`, undefined, /quotes/],
    ['nothing', '', 1, /empty/],
    ['only a header', 'consentId\n', undefined, /no rows/],
  ])('a CSV with %s is InvalidFileContent and says what to do', async (_, file, line, message) => {
    const reference_id = reference();
    const { status, body } = await upload({ file, fields: { reference_id } });
    expect(status).toBe(400);
    expect(body).toMatchObject({ errorCode: 'InvalidFileContent', errorMsg: expect.stringMatching(message) });
    if (line !== undefined) expect(body['errorDetails']).toEqual({ line });
    expect((await api.call('batch-status', { reference_id })).status).toBe(404);
  });

  test.each(['', '{', '"text"', '{}', '[]', '{"consents_list": {}}', '{"consents_list": [], "configId": 1}'])(
    'the JSON file %s is InvalidFileContent',
    async (file) => {
      const { status, body } = await upload({ file, name: 'c.json', type: 'application/json' });
      expect({ status, body }).toMatchObject({ status: 400, body: { errorCode: 'InvalidFileContent' } });
    },
  );

  test('more than 10,000 rows are InvalidRequest', async () => {
    const file = `consentId\n${`${CONSENT}\n`.repeat(10_001)}`;
    const { body } = await upload({ file });
    expect(body).toMatchObject({
      errorCode: 'InvalidRequest',
      errorDetails: { field: 'file', provided: 10_001, max: 10_000 },
    });
  });
});

describe('rows that are not valid', () => {
  test('fail alone, with their line and what to change', async () => {
    const reference_id = reference();
    const file = [
      'consentId,fiDataRangeFrom,fiDataRangeTo',
      CONSENT,
      'nonsense,,',
      '',
      `${CONSENT},2024-02-30,`,
      `${CONSENT},2024-02-01,2024-01-01`,
      ',,',
      `${CONSENT},,,too,many`,
    ].join('\n');
    await upload({ file, fields: { reference_id } });
    expect(await statusOf(reference_id)).toMatchObject({
      batch_status: 'IN_PROGRESS',
      summary: { total: 5, ready: 1, failed: 4 },
      records: [
        { status: 'READY', error: null },
        {
          status: 'FAILED',
          retry_eligible: 'YesWithModifications',
          consent_id: 'nonsense',
          error: { code: 'InvalidRequest', message: expect.stringMatching(/^Line 3: consent_id must be a GUID/) },
        },
        { error: { message: expect.stringMatching(/^Line 5: fiDataRangeFrom must be/) } },
        { error: { code: 'InvalidDateRange', message: expect.stringMatching(/^Line 6: /) } },
        { error: { message: expect.stringMatching(/^Line 8: the row has 5 values for 3 columns/) } },
      ],
    });
  });

  test('are no duplicates, and the others are told, whatever form their file has', async () => {
    const reference_id = reference();
    const file = `consentId\n${CONSENT}\nnonsense\nnonsense\n${CONSENT}\n${CONSENT}\n`;
    const { body } = await upload({ file, fields: { reference_id } });
    expect(body['message']).toBe(
      'File uploaded successfully. 2 rows repeat a consent of an earlier row; each raises an FI request of its own.',
    );
    expect(await statusOf(reference_id)).toMatchObject({ metadata: { duplicate_consents: 2 } });
  });

  test('make the batch FAILED when there are no others', async () => {
    const reference_id = reference();
    const { status } = await upload({
      file: '[1, null, {"consent_id": 7}, []]',
      name: 'c.json',
      type: 'application/json',
      fields: { reference_id },
    });
    expect(status).toBe(200);
    expect(await statusOf(reference_id)).toMatchObject({
      batch_status: 'FAILED',
      error: { code: 'NoValidRows', message: expect.any(String) },
      summary: { total: 4, failed: 4 },
    });
  });
});

describe('a form that is not in order', () => {
  test('without a file', async () => {
    expect(await upload({ fields: { reference_id: reference() } })).toMatchObject({
      status: 400,
      body: { errorCode: 'InvalidRequest', errorDetails: { field: 'file' } },
    });
  });

  test.each<[string, Record<string, string>, string]>([
    ['a bad reference_id', { reference_id: 'a b' }, 'reference_id'],
    ['a bad tracking_id', { tracking_id: 'abc' }, 'tracking_id'],
    ['a global_config that is no JSON', { global_config: 'nope' }, 'global_config'],
    ['a globalConfig that is a list', { globalConfig: '[]' }, 'globalConfig'],
    ['a bad date', { fiDataRangeFrom: 'yesterday' }, 'fiDataRangeFrom'],
  ])('with %s', async (_, fields, field) => {
    expect(await upload({ file: CSV, fields })).toMatchObject({ status: 400, body: { errorDetails: { field } } });
  });

  test.each([
    ['application/json', '{}'],
    ['multipart/form-data', 'no boundary'],
    [
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\ncut',
    ],
    ['multipart/form-data; boundary=x', ''],
  ])('as %s', async (type, body) => {
    const answer = await api.call('upload-batch', new TextEncoder().encode(body), { 'Content-Type': type });
    expect({ status: answer.status, body: answer.body }).toMatchObject({
      status: 400,
      body: { errorCode: 'InvalidRequest' },
    });
  });

  test('a reference that is taken is 409', async () => {
    const reference_id = reference();
    await upload({ file: CSV, fields: { reference_id } });
    expect(await upload({ file: CSV, fields: { reference_id } })).toMatchObject({
      status: 409,
      body: { errorCode: 'DuplicateReferenceId', errorMsg: `reference_id '${reference_id}' already exists` },
    });
  });
});

describe('a form for S3', () => {
  test('is signed for the reserved reference, which is READY without rows until the file has come', async () => {
    const reference_id = reference();
    const request = { reference_id, file_name: 'big.csv', content_type: 'text/csv', configId: 'c' };
    const { status, body } = await api.call('create-upload', request);
    expect(status).toBe(200);
    expect(body['data']).toMatchObject({
      reference_id,
      batch_id: expect.any(String),
      url: expect.stringContaining('http'),
      fields: {
        key: expect.stringContaining(`uploads/lender/${reference_id}/`),
        'Content-Type': 'text/csv',
        Policy: expect.any(String),
      },
      expires_at: expect.stringMatching(/Z$/),
    });
    expect(await statusOf(reference_id)).toMatchObject({
      batch_status: 'READY',
      summary: { total: 0, ready: 0 },
      metadata: { progress_percentage: 0, file_name: 'big.csv', global_config: { configId: 'c' } },
      pagination: { total: 0, total_pages: 0 },
      records: [],
    });
    expect((await api.call('create-upload', request)).status).toBe(409);
    expect((await upload({ file: CSV, fields: { reference_id } })).status).toBe(409);
  });

  test.each<[object, string, unknown]>([
    [{}, 'InvalidRequest', { field: 'file_name' }],
    [{ file_name: '' }, 'InvalidRequest', { field: 'file_name' }],
    [{ file_name: 'a.csv', content_type: 7 }, 'InvalidRequest', { field: 'content_type' }],
    [
      { file_name: 'a.exe' },
      'UnsupportedFileType',
      { providedType: 'unknown', acceptedTypes: ['application/json', 'text/csv'] },
    ],
    [{ file_name: 'a.csv', global_config: { configId: 7 } }, 'InvalidRequest', { field: 'configId' }],
  ])('%j is refused', async (request, errorCode, errorDetails) => {
    expect(await api.call('create-upload', request)).toMatchObject({ status: 400, body: { errorCode, errorDetails } });
  });
});
