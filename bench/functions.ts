import { execFileSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { type FunctionModel, functionModels } from '#local/lambda/function-models.ts';
import type { Assembly } from '#local/template/assembly.ts';
import { StackResources } from '#local/template/resources.ts';
import { type Figure, figureOf } from './figure.ts';

const RUNS = 9;
const MEGABYTE = 1_000_000;

/** What every client of AWS loads of Node itself. */
const OF_NODE = ['node:https', 'node:crypto'];

/** The functions of a synthesized stack as they are deployed, by the name of their folder in `lambdas/`. */
export function functionsOf(assembly: Assembly): ReadonlyMap<string, FunctionModel> {
  const scales = { timeScale: 1, machineScale: 1, overrides: {} };
  const models = functionModels(new StackResources(assembly, 'http://127.0.0.1'), scales);
  return new Map(models.map((model) => [model.name.replace(/^bulk-data-fetch-[a-z]+-/, ''), model]));
}

/** The minified code of each function, all its files together, in MB of 1,000,000 bytes. */
export const bundleFigures = (assembly: Assembly): Figure[] =>
  [...functionsOf(assembly)].map(([name, { bundle }]) => {
    const bytes = globSync(join(dirname(bundle), '*.mjs')).reduce((sum, file) => sum + statSync(file).size, 0);
    return figureOf('Functions', `bundle, ${name}`, bytes / MEGABYTE, 'MB', { target: 1, exact: true });
  });

/**
 * How long each function takes to load, a median of nine fresh processes. They take turns, so that a busy moment meets all of them; Node's
 * own share, which is the floor, is measured in the same turns.
 */
export function loadFigures(assembly: Assembly): Figure[] {
  const functions = [...functionsOf(assembly)];
  const turns = Array.from({ length: RUNS }, () => ({
    ofNode: loadOnce(OF_NODE, {}),
    loads: functions.map(([, { bundle, environment }]) => loadOnce([pathToFileURL(bundle).href], environment)),
  }));
  const floor = median(turns.map(({ ofNode }) => ofNode));
  return functions.map(([name], index) => {
    const value = median(turns.map(({ loads }) => loads[index] ?? Number.NaN));
    return figureOf('Functions', `module load, ${name}`, value, 'ms', { target: 150, floor });
  });
}

/** Milliseconds that loading modules takes in a fresh process: reading, compiling, and making the clients. */
function loadOnce(modules: readonly string[], environment: Readonly<Record<string, string>>): number {
  const script = `const startedAt = performance.now();
    for (const module of ${JSON.stringify(modules)}) await import(module);
    process.stdout.write(String(performance.now() - startedAt), () => process.exit());`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    // As deployed: reading the source maps is part of loading.
    env: { AWS_REGION: 'ap-south-1', NODE_OPTIONS: '--enable-source-maps', ...environment },
    encoding: 'utf8',
  });
  return z.coerce.number().positive().parse(output);
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
