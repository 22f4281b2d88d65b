import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parseBatchStatusQuery } from '#lambdas/batch/batch-status/handler.ts';
import { parseUploadRequest } from '#lambdas/batch/create-upload/handler.ts';
import { readBatchFile } from '#lambdas/batch/file.ts';
import { parseScheduleRequest } from '#lambdas/batch/schedule-batch/handler.ts';
import { parseFiStatusQuery } from '#lambdas/upstream/fi-request-status/handler.ts';
import { examplesOf } from './examples.ts';

const body = z.record(z.string(), z.unknown());
const NO_DEFAULTS = { fiDataRangeFrom: null, fiDataRangeTo: null, configId: null };

/** What the product does with a request before anything else. Each throws where it is refused. */
const PARSERS = new Map<string, (text: string) => unknown>([
  ['schedule-batch', (text) => parseScheduleRequest(body.parse(JSON.parse(text)))],
  ['presign', (text) => parseUploadRequest(body.parse(JSON.parse(text)))],
  ['batch-status', (text) => parseBatchStatusQuery(body.parse(JSON.parse(text)))],
  ['fi-request-status', (text) => parseFiStatusQuery(body.parse(JSON.parse(text)))],
  ['batch-file', (text) => allValid(text)],
]);

function allValid(text: string): void {
  const { rows } = readBatchFile(Buffer.from(text), 'json', NO_DEFAULTS);
  for (const { error } of rows) if (error) throw new Error(error.message);
}

const examples = globSync('docs/spec/*.md').flatMap((path) =>
  examplesOf(readFileSync(path, 'utf8')).map((example) => ({ path, ...example })),
);
const requests = examples.filter(({ of }) => of !== '');
const answers = examples.filter(({ of }) => of === '');

/** The envelope, as far as an answer of the API has it; the simulator's and the reports are without. */
const envelope = z.union([
  z.object({ ver: z.string(), timestamp: z.iso.datetime(), txnid: z.uuid(), status: z.literal('success') }),
  z.object({
    ver: z.string(),
    timestamp: z.iso.datetime(),
    txnid: z.uuid(),
    errorCode: z.string(),
    errorMsg: z.string(),
  }),
]);

describe('examples in the specification', () => {
  test('are there for every request', () => {
    expect(new Set(requests.map(({ of }) => of))).toEqual(new Set(PARSERS.keys()));
  });

  test.each(requests)('$path:$line: the request of $of is accepted', ({ of, text }) => {
    const parse = PARSERS.get(of);
    expect(parse).toBeDefined();
    expect(() => parse?.(text)).not.toThrow();
  });

  test.each(answers)('$path:$line: the answer is JSON in the envelope', ({ text }) => {
    const answer: unknown = JSON.parse(text);
    const isOfApi = typeof answer === 'object' && answer !== null && 'ver' in answer;
    if (isOfApi) expect(envelope.safeParse(answer).error).toBeUndefined();
  });

  test('are found with their line and whose they are', () => {
    expect(examplesOf('a\n\n```json presign\n{}\n```\n\n```json\n[]\n```\n```sh\nls\n```\n')).toEqual([
      { line: 3, of: 'presign', text: '{}\n' },
      { line: 7, of: '', text: '[]\n' },
    ]);
  });
});
