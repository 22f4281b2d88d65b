import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';
import { type BundledFile, buildFunction } from '#lib/bundle.ts';
import { type Figure, figureOf } from './figure.ts';
import { median } from './timing.ts';

const LAMBDAS = fileURLToPath(new URL('../lambdas', import.meta.url));
const RUNS = 9;
const MEGABYTE = 1_000_000;

/** What the functions ask of their environment to be loaded; nothing is called. */
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

const isCode = ({ name }: BundledFile): boolean => name.endsWith('.mjs');

function buildAll(): Map<string, BundledFile[]> {
  const names = readdirSync(LAMBDAS).filter((name) => existsSync(join(LAMBDAS, name, 'handler.ts')));
  return new Map(names.map((name) => [name, buildFunction(name)]));
}

/** The minified code of each function, all its files together, in MB of 1,000,000 bytes. */
export function bundleFigures(): Figure[] {
  return [...buildAll()].map(([name, files]) => {
    const bytes = files.filter(isCode).reduce((sum, { contents }) => sum + contents.length, 0);
    return figureOf('Functions', `bundle, ${name}`, bytes / MEGABYTE, 'MB', { target: 1, exact: true });
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

/** What every client of AWS loads of Node. */
const OF_NODE = ['node:https', 'node:crypto'];

/**
 * How long each function takes to load, a median of nine fresh processes. They take turns, so that a busy moment meets all of them; what is
 * Node's own share, which is the floor, is measured in the same turns.
 */
export function loadFigures(): Figure[] {
  const folder = mkdtempSync(join(tmpdir(), 'functions-'));
  try {
    const functions = [...buildAll()].map(([name, files]) => {
      const directory = join(folder, name);
      mkdirSync(directory);
      for (const file of files) writeFileSync(join(directory, file.name), file.contents);
      return { name, bundle: pathToFileURL(join(directory, 'index.mjs')).href };
    });
    const turns = Array.from({ length: RUNS }, () => ({
      ofNode: loadOnce(OF_NODE),
      loads: new Map(functions.map(({ name, bundle }) => [name, loadOnce([bundle])])),
    }));
    const floor = median(turns.map(({ ofNode }) => ofNode));
    return functions.map(({ name }) => {
      const value = median(turns.map(({ loads }) => loads.get(name) ?? Number.NaN));
      return figureOf('Functions', `module load, ${name}`, value, 'ms', { target: 150, floor });
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
