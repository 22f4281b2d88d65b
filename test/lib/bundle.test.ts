import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
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

/** What the service is held to, of all the code of a function together. */
const LARGEST_BYTES = 1_000_000;

const mapSchema = z.object({ sources: z.array(z.string()) });
const sourcesOf = async (directory: string, file: string): Promise<string[]> =>
  mapSchema.parse(JSON.parse(await readFile(join(directory, `${file}.map`), 'utf8'))).sources;

const modulesOf = async (directory: string): Promise<string[]> =>
  (await readdir(directory)).filter((file) => file.endsWith('.mjs'));

/** The files that are loaded with `index.mjs`: what it imports statically, and so on. */
async function loadedAtStart(directory: string): Promise<Set<string>> {
  const loaded = new Set(['index.mjs']);
  // A set that grows while it is gone through is gone through to its end.
  for (const file of loaded) {
    const code = await readFile(join(directory, file), 'utf8');
    for (const [, imported = ''] of code.matchAll(/\b(?:from|import)"\.\/([\w.-]+\.mjs)"/g)) loaded.add(imported);
  }
  return loaded;
}

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
  for (const { directory } of bundles.values()) {
    for (const file of await modulesOf(directory)) {
      const sources = await sourcesOf(directory, file);
      expect(sources.filter((source) => !/^(lambdas|node_modules)\//.test(source))).toEqual([]);
      expect((await readFile(join(directory, file), 'utf8')).includes(ROOT)).toBe(false);
    }
  }
});

test('all the code of a function is less than 1 MB', async () => {
  for (const [name, { directory }] of bundles) {
    const files = await modulesOf(directory);
    const sizes = await Promise.all(files.map(async (file) => (await readFile(join(directory, file))).length));
    expect(
      sizes.reduce((sum, size) => sum + size, 0),
      name,
    ).toBeLessThan(LARGEST_BYTES);
  }
});

test('no bundle has the languages that zod speaks beside English: `import * as z`, never `import { z }`', async () => {
  for (const [name, { directory }] of bundles) {
    const all = await Promise.all((await modulesOf(directory)).map((file) => sourcesOf(directory, file)));
    expect(new Set(all.flat().filter((source) => source.includes('zod/v4/locales/'))), name).toEqual(
      new Set(['node_modules/zod/v4/locales/en.js']),
    );
  }
});

/** The functions that reach S3 in every invocation, and not only to write the report on a dropped file. */
const WITH_FILES = /-(create-upload|ingest-file)$/;

test('a cold start loads no way to credentials but the environment, and S3 only where each invocation needs it', async () => {
  for (const [name, { directory }] of bundles) {
    const files = await loadedAtStart(directory);
    const sources = (await Promise.all([...files].map((file) => sourcesOf(directory, file)))).flat();
    const packages = new Set(sources.map((source) => /^node_modules\/(@[^/]+\/[^/]+|[^/]+)/.exec(source)?.[1]));
    expect(packages, name).toContain('@aws-sdk/credential-provider-env');
    for (const source of ['sso', 'ini', 'process', 'web-identity', 'http', 'login'])
      expect(packages, name).not.toContain(`@aws-sdk/credential-provider-${source}`);
    expect(packages.has('@aws-sdk/client-s3'), name).toBe(WITH_FILES.test(name));
  }
});
