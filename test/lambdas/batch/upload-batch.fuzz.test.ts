import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiUnderTest, apiUnderTest } from '#test/world/api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
});
afterAll(() => api.close());

const BOUNDARY = 'fuzz-boundary';
const TYPE = { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` };

const FORM = [
  `--${BOUNDARY}`,
  'Content-Disposition: form-data; name="global_config"',
  '',
  '{"configId":"c"}',
  `--${BOUNDARY}`,
  'Content-Disposition: form-data; name="file"; filename="consents.csv"',
  'Content-Type: text/csv',
  '',
  'consentId,configId',
  '54450ac0-8bcb-4b9c-ad74-29b4fabe18f7,a',
  `--${BOUNDARY}--`,
  '',
].join('\r\n');

test('random, mutated and cut multipart bodies are answered in the envelope, never with a 5xx', async () => {
  const mutated = fc
    .tuple(fc.array(fc.tuple(fc.nat(FORM.length - 1), fc.nat(255)), { maxLength: 5 }), fc.nat(FORM.length))
    .map(([edits, end]) => {
      const bytes = new TextEncoder().encode(FORM);
      for (const [at, value] of edits) bytes[at] = value;
      return bytes.subarray(0, Math.max(end, FORM.length - 80));
    });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated), async (body) => {
      const answer = await api.call('upload-batch', Uint8Array.from(body), TYPE);
      expect([200, 400, 409]).toContain(answer.status);
      expect(answer.body).toMatchObject({ ver: '1.0', txnid: expect.any(String), timestamp: expect.any(String) });
    }),
    { numRuns: 1500 },
  );
}, 120_000);

test('any JSON body is answered in the envelope by every JSON path, never with a 5xx', async () => {
  const names = ['schedule-batch', 'create-upload', 'batch-status'] as const;
  const known = fc.record(
    {
      reference_id: fc.oneof(fc.jsonValue(), fc.constant('fuzz-reference')),
      consents_list: fc.oneof(fc.jsonValue(), fc.array(fc.record({ consent_id: fc.jsonValue() }), { maxLength: 3 })),
      filters: fc.jsonValue(),
      page: fc.jsonValue(),
      file_name: fc.jsonValue(),
      global_config: fc.jsonValue(),
      fiDataRangeFrom: fc.jsonValue(),
    },
    { requiredKeys: [] },
  );
  const body = fc.oneof(
    fc.json(),
    known.map((value) => JSON.stringify(value)),
    fc.string(),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), body, async (name, text) => {
      const answer = await api.call(name, text);
      expect([200, 400, 404, 409]).toContain(answer.status);
      expect(answer.body).toMatchObject({ ver: '1.0', txnid: expect.any(String) });
    }),
    { numRuns: 800 },
  );
}, 120_000);
