import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

/** What the app asks the account for (`missing`) makes the CDK look for credentials. */
const manifestSchema = z.object({
  missing: z.array(z.unknown()).default([]),
  artifacts: z.record(z.string(), z.looseObject({ type: z.string(), environment: z.string().optional() })),
});

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synth-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(['dev', 'prod'])('%s is synthesized without credentials, for whichever account deploys it', async (stage) => {
  const outdir = join(folder, stage);
  await run(process.execPath, ['bin/bulk-data-fetch.ts'], {
    cwd: ROOT,
    // No home either, where a profile could lie.
    env: {
      PATH: process.env['PATH'],
      CDK_OUTDIR: outdir,
      CDK_CONTEXT_JSON: JSON.stringify({ stage, 'aws:cdk:bundling-stacks': [] }),
    },
  });
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(outdir, 'manifest.json'), 'utf8')));
  const stacks = Object.entries(manifest.artifacts).filter(([, { type }]) => type === 'aws:cloudformation:stack');
  expect(stacks).toEqual([
    [`bulk-data-fetch-${stage}`, expect.objectContaining({ environment: 'aws://unknown-account/ap-south-1' })],
  ]);
  expect(manifest.missing).toEqual([]);
});
