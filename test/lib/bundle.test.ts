import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { rendered } from './synthesized.ts';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

const functionSchema = z.object({
  Type: z.literal('AWS::Lambda::Function'),
  Properties: z.object({
    FunctionName: z.string(),
    Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
  }),
  Metadata: z.object({ 'aws:asset:path': z.string() }),
});
const templateSchema = z.object({ Resources: z.record(z.string(), z.unknown()) });

let output: string;
const bundles = new Map<string, { directory: string; environment: Record<string, string> }>();

beforeAll(async () => {
  output = await mkdtemp(join(tmpdir(), 'bundles-'));
  // As the local cloud does it: no CDK CLI, and nothing of AWS in the environment.
  await run(process.execPath, ['bin/bulk-data-fetch.ts'], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      CDK_OUTDIR: output,
      CDK_CONTEXT_JSON: JSON.stringify({ 'aws:cdk:enable-asset-metadata': true }),
    },
  });
  const template: unknown = JSON.parse(await readFile(join(output, 'bulk-data-fetch-dev.template.json'), 'utf8'));
  for (const resource of Object.values(templateSchema.parse(template).Resources)) {
    const { success, data } = functionSchema.safeParse(resource);
    if (!success) continue;
    const { FunctionName, Environment } = data.Properties;
    bundles.set(FunctionName, {
      directory: join(output, data.Metadata['aws:asset:path']),
      environment: Object.fromEntries(
        Object.entries(Environment.Variables).map(([name, value]) => [name, rendered(value)]),
      ),
    });
  }
});

afterAll(() => rm(output, { recursive: true, force: true }));

test('every function is bundled, loads in Node 24 with nothing beside it, and has a handler', async () => {
  expect(bundles.size).toBeGreaterThan(0);
  for (const { directory, environment } of bundles.values()) {
    const script = `const { handler } = await import(${JSON.stringify(pathToFileURL(join(directory, 'index.mjs')).href)});
      process.stdout.write(process.version.split('.')[0] + ' ' + typeof handler);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: directory,
      env: { ...environment, AWS_REGION: 'ap-south-1' },
    });
    expect(stdout).toBe('v24 function');
  }
});

test('a bundle names no place of the machine it was made on: its hash is the same everywhere', async () => {
  const mapSchema = z.object({ sources: z.array(z.string()) });
  for (const { directory } of bundles.values()) {
    const map = mapSchema.parse(JSON.parse(await readFile(join(directory, 'index.mjs.map'), 'utf8')));
    expect(map.sources.filter((source) => !/^(lambdas|node_modules)\//.test(source))).toEqual([]);
    expect((await readFile(join(directory, 'index.mjs'), 'utf8')).includes(ROOT)).toBe(false);
  }
});
