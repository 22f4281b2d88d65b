import { expect, test } from 'vitest';
import { checkPolicy } from '#local/s3/post-policy.ts';

const NOW = Date.parse('2026-11-20T10:00:00Z');
const FIELDS = { bucket: 'files', key: 'uploads/one.csv', policy: '…', 'x-amz-signature': '…' };
const BASE = [{ bucket: 'files' }, { key: 'uploads/one.csv' }];

const encode = (policy: unknown): string => Buffer.from(JSON.stringify(policy)).toString('base64');

function check(conditions: unknown[], fields: Record<string, string> = {}, expiration = '2026-11-20T10:00:00.001Z') {
  return checkPolicy(encode({ expiration, conditions }), new Map(Object.entries({ ...FIELDS, ...fields })), NOW);
}

test.each<[string, unknown[], Record<string, string>]>([
  ['exact matches, whatever the case of the names', [{ BUCKET: 'files' }, ['eq', '$Key', 'uploads/one.csv']], {}],
  ['beginnings', [{ bucket: 'files' }, ['starts-with', '$key', 'uploads/']], {}],
  [
    'anything, by the beginning of nothing',
    [...BASE, ['starts-with', '$x-amz-meta-name', '']],
    { 'x-amz-meta-name': 'a' },
  ],
  ['fields to be ignored', BASE, { 'x-ignore-me': 'a' }],
  [
    'each of several content types',
    [...BASE, ['starts-with', '$Content-Type', 'text/']],
    { 'content-type': 'text/a,text/b' },
  ],
])('allows %s', (_, conditions, fields) => {
  expect(check(conditions, fields)).toEqual({ minimum: 0, maximum: 5 * 1024 ** 3 });
});

test('tells the narrowest range of sizes, given as numbers or text', () => {
  expect(check([...BASE, ['content-length-range', 1, 100], ['content-length-range', '0', '50']])).toEqual({
    minimum: 1,
    maximum: 50,
  });
});

test.each<[string, unknown[], Record<string, string>, string]>([
  [
    'another bucket',
    [{ bucket: 'other' }, { key: 'uploads/one.csv' }],
    {},
    'Policy Condition failed: ["eq", "$bucket", "other"]',
  ],
  [
    'another key',
    [{ bucket: 'files' }, ['eq', '$key', 'uploads/One.csv']],
    {},
    'failed: ["eq", "$key", "uploads/One.csv"]',
  ],
  [
    'another beginning',
    [{ bucket: 'files' }, ['starts-with', '$key', '/uploads']],
    {},
    'failed: ["starts-with", "$key", "/uploads"]',
  ],
  ['a field that is not there', [...BASE, { acl: 'private' }], {}, 'failed: ["eq", "$acl", "private"]'],
  [
    'a beginning of a field that is not there',
    [...BASE, ['starts-with', '$tag', '']],
    {},
    'failed: ["starts-with", "$tag", ""]',
  ],
  ['a field without a condition', BASE, { 'content-type': 'text/csv' }, 'Extra input fields: content-type'],
  ['a bucket without a condition', [{ key: 'uploads/one.csv' }], {}, 'Extra input fields: bucket'],
  [
    'one content type of several',
    [...BASE, ['starts-with', '$content-type', 'text/']],
    { 'content-type': 'text/a,b' },
    'failed',
  ],
])('refuses %s', (_, conditions, fields, reason) => {
  expect(() => check(conditions, fields)).toThrow(
    expect.objectContaining({ status: 403, code: 'AccessDenied', message: expect.stringContaining(reason) }),
  );
});

test('refuses a policy from the moment on when it expires', () => {
  expect(() => check(BASE, {}, '2026-11-20T10:00:00Z')).toThrow('Invalid according to Policy: Policy expired.');
});

test.each<[string, string]>([
  ['no base64 of JSON', 'hello'],
  ['no expiration', encode({ conditions: [] })],
  ['an expiration that is no time', encode({ expiration: 'tomorrow', conditions: [] })],
  ['no conditions', encode({ expiration: '2026-11-20T11:00:00Z' })],
  [
    'a condition of two things',
    encode({ expiration: '2026-11-20T11:00:00Z', conditions: [{ bucket: 'files', key: 'a' }] }),
  ],
  ['an unknown condition', encode({ expiration: '2026-11-20T11:00:00Z', conditions: [['ends-with', '$key', '.csv']] })],
  [
    'a range that is none',
    encode({ expiration: '2026-11-20T11:00:00Z', conditions: [['content-length-range', 'a', 2]] }),
  ],
])('does not understand a policy with %s', (_, policy) => {
  expect(() => checkPolicy(policy, new Map(), NOW)).toThrow(
    expect.objectContaining({ status: 400, code: 'InvalidPolicyDocument' }),
  );
});
