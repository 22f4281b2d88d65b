import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';
import { type BundledFile, buildFunction } from '#lib/bundle.ts';
import { type Figure, figureOf } from './figure.ts';

const LAMBDAS = fileURLToPath(new URL('../lambdas', import.meta.url));
const GROUP = 'Functions';
const RUNS = 9;
const MEGABYTE = 1_000_000;

/** What the functions need in their environment to be loaded; nothing is called. */
const ENVIRONMENT = {
  TABLE_NAME: 'table',
  OPEN_BATCHES_INDEX: 'index',
  BUCKET_NAME: 'bucket',
  CHUNK_QUEUE_URL: 'http://127.0.0.1/queue',
  STATE_MACHINE_ARN: 'arn:aws:states:ap-south-1:000000000000:stateMachine:machine',
  FINPRO_BASE_URL: 'http://127.0.0.1',
  UPSTREAM_SECRET_PREFIX: 'prefix/',
  POWERTOOLS_SERVICE_NAME: 'bench',
  POWERTOOLS_METRICS_NAMESPACE: 'bench',
  AWS_REGION: 'ap-south-1',
  // As deployed: reading the source maps is part of loading.
  NODE_OPTIONS: '--enable-source-maps',
};

/** What every client of AWS loads of Node itself. */
const OF_NODE = ['node:https', 'node:crypto'];

const functionNames = (): string[] =>
  globSync(join(LAMBDAS, '*', '*', 'index.ts'))
    .map((entry) => basename(dirname(entry)))
    .toSorted();

const isCode = ({ name }: BundledFile): boolean => name.endsWith('.mjs');
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** The minified code of each function, all its files together, in MB of 1,000,000 bytes. */
export const bundleFigures = (): Figure[] =>
  functionNames().map((name) => {
    const files = buildFunction(name).filter(isCode);
    const bytes = files.reduce((sum, { contents }) => sum + contents.length, 0);
    return figureOf(GROUP, `bundle, ${name}`, bytes / MEGABYTE, 'MB', { target: 1, exact: true });
  });

/**
 * How long each function takes to load, a median of nine fresh processes. They take turns, so that a busy moment meets all of them; Node's
 * own share, which is the floor, is measured in the same turns.
 *
 * @param folder for the bundles
 */
export function loadFigures(folder: string): Figure[] {
  const functions = functionNames().map((name) => {
    const directory = join(folder, name);
    mkdirSync(directory);
    for (const file of buildFunction(name)) writeFileSync(join(directory, file.name), file.contents);
    return { name, bundle: pathToFileURL(join(directory, 'index.mjs')).href };
  });
  const turns = Array.from({ length: RUNS }, () => ({
    ofNode: loadOnce(OF_NODE),
    loads: new Map(functions.map(({ name, bundle }) => [name, loadOnce([bundle])])),
  }));
  const floor = median(turns.map(({ ofNode }) => ofNode));
  return functions.map(({ name }) => {
    const value = median(turns.map(({ loads }) => loads.get(name) ?? Number.NaN));
    return figureOf(GROUP, `module load, ${name}`, value, 'ms', { target: 150, floor });
  });
}

/** Milliseconds that loading modules takes in a fresh process: reading, compiling, and making the clients. */
function loadOnce(modules: readonly string[]): number {
  const script = `const startedAt = performance.now();
    for (const module of ${JSON.stringify(modules)}) await import(module);
    process.stdout.write(String(performance.now() - startedAt), () => process.exit());`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    env: ENVIRONMENT,
    encoding: 'utf8',
  });
  return z.coerce.number().positive().parse(output);
}
