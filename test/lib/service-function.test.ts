import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { readSettings } from '#lambdas/platform/settings.ts';
import { SETTINGS } from '#lib/settings.ts';
import { rendered, synthesized } from './synthesized.ts';

const stack = synthesized();
const functions = [...stack.functions()];

const environmentOf = (properties: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  z.object({ Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }) }).parse(properties).Environment
    .Variables;

test('every handler of the repository is a function of the stack', () => {
  const lambdas = join(import.meta.dirname, '../../lambdas');
  const handlers = readdirSync(lambdas, { recursive: true, encoding: 'utf8' })
    .filter((path) => /^[^/\\]+[/\\][^/\\]+[/\\]handler\.ts$/.test(path))
    .map((path) => path.split(/[/\\]/)[1]);
  expect(functions.map(([name]) => name).sort()).toEqual(handlers.sort());
});

test.each(functions)('%s runs Node 24 on arm64, traced, with source maps', (_, { properties }) => {
  expect(properties).toMatchObject({
    Runtime: 'nodejs24.x',
    Architectures: ['arm64'],
    Handler: 'index.handler',
    TracingConfig: { Mode: 'Active' },
  });
  expect(environmentOf(properties)).toMatchObject({
    NODE_OPTIONS: '--enable-source-maps',
  });
});

test.each(functions)('%s says what its errors mean, in the length that Lambda allows', (_, { properties }) => {
  expect(properties['Description']).toMatch(/^While it fails: .{20,}\.$/);
  expect(String(properties['Description']).length).toBeLessThanOrEqual(256);
});

test('every function logs to a group of its own, which forgets', () => {
  const groups = functions.map(([, { properties }]) =>
    rendered(z.object({ LogGroup: z.unknown() }).parse(properties['LoggingConfig']).LogGroup),
  );
  expect(new Set(groups).size).toBe(functions.length);
  for (const group of stack.all('AWS::Logs::LogGroup')) expect(group.properties['RetentionInDays']).toBe(14);
});

test('every function has a role of its own', () => {
  const roles = functions.map(([, { properties }]) => rendered(properties['Role']));
  expect(new Set(roles).size).toBe(functions.length);
});

test.each(functions)('%s runs on the settings, and on no secret', (_, { properties }) => {
  const environment = environmentOf(properties);
  expect(environment).toMatchObject(SETTINGS);
  const suspicious = Object.keys(environment).filter((name) => /SECRET|PASSWORD|TOKEN|CREDENTIAL/.test(name));
  // This one is a name's beginning, no secret.
  expect(suspicious.filter((name) => name !== 'UPSTREAM_SECRET_PREFIX')).toEqual([]);
});

test('a form for an upload is good for 15 minutes, and its reference is kept for an hour more', () => {
  expect(SETTINGS).toMatchObject({ UPLOAD_EXPIRY_SECONDS: '900', UPLOAD_RESERVATION_SECONDS: '3600' });
});

test('the tables below hold every function', () => {
  const names = functions.map(([name]) => name).sort();
  expect(LIMITS.map(([name]) => name).sort()).toEqual(names);
  expect(Object.keys(WIRING).sort()).toEqual(names);
});

test('the settings of a deployment are the defaults of the core, all of them', () => {
  expect(readSettings(SETTINGS)).toEqual(readSettings({}));
});

const LIMITS = [
  ['schedule-batch', 29, 1024],
  ['upload-batch', 29, 1024],
  ['create-upload', 29, 512],
  ['batch-status', 29, 1024],
  ['fi-request-status', 29, 512],
  ['not-found', 29, 512],
  ['start-chunk', 60, 512],
  ['advance-chunk', 60, 512],
  ['recover-batches', 60, 512],
  ['ingest-file', 60, 1024],
] as const;

test.each(LIMITS)('%s ends after %d s, and has %d MB', (name, seconds, megabytes) => {
  expect(stack.function(name).properties).toMatchObject({ Timeout: seconds, MemorySize: megabytes });
});

const WIRING = {
  'schedule-batch': ['CHUNK_QUEUE_URL', 'TABLE_NAME'],
  'upload-batch': ['CHUNK_QUEUE_URL', 'TABLE_NAME'],
  'create-upload': ['BUCKET_NAME', 'TABLE_NAME'],
  'ingest-file': ['BUCKET_NAME', 'CHUNK_QUEUE_URL', 'FILE_QUEUE_URL', 'TABLE_NAME'],
  'batch-status': ['TABLE_NAME'],
  'fi-request-status': ['FINPRO_BASE_URL', 'TABLE_NAME', 'UPSTREAM_SECRET_PREFIX'],
  'not-found': ['TABLE_NAME'],
  'start-chunk': ['BUCKET_NAME', 'FINPRO_BASE_URL', 'STATE_MACHINE_ARN', 'TABLE_NAME', 'UPSTREAM_SECRET_PREFIX'],
  'advance-chunk': ['BUCKET_NAME', 'FINPRO_BASE_URL', 'TABLE_NAME', 'UPSTREAM_SECRET_PREFIX'],
  'recover-batches': ['BUCKET_NAME', 'CHUNK_QUEUE_URL', 'OPEN_BATCHES_INDEX', 'TABLE_NAME'],
};

test.each(Object.entries(WIRING))('%s knows where to find what it works with: %j', (name, variables) => {
  const wiring = Object.keys(environmentOf(stack.function(name).properties)).filter(
    (variable) => !(variable in SETTINGS) && !/^(POWERTOOLS|NODE)_/.test(variable),
  );
  expect(wiring.sort()).toEqual(variables);
});
