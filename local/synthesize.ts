import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type Assembly, readAssembly } from './template/assembly.ts';

const cdkJsonSchema = z.object({
  app: z.string().regex(/^node \S+$/, 'must be `node <file>`'),
  context: z.record(z.string(), z.unknown()).default({}),
});

const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Synthesizes the stack as `cdk synth` does, by running the app that cdk.json names, into `directory` (emptied before).
 * `app` names another file to run instead. Takes some seconds; a caller that starts several local clouds passes them one assembly.
 */
export async function synthesize(directory: string, app?: string): Promise<Assembly> {
  const outdir = resolve(directory);
  const cdkJson = cdkJsonSchema.parse(JSON.parse(await readFile(join(PROJECT, 'cdk.json'), 'utf8')));
  await rm(outdir, { recursive: true, force: true });
  const child = spawn(process.execPath, [app ?? cdkJson.app.slice('node '.length)], {
    cwd: PROJECT,
    env: { ...process.env, CDK_OUTDIR: outdir, CDK_CONTEXT_JSON: JSON.stringify(cdkJson.context) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [output, errors, exitCode] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((ended, failed) => child.once('error', failed).once('close', ended)),
  ]);
  if (exitCode !== 0) throw new Error(`the CDK app ended with ${exitCode}:\n${output}${errors}`);
  return readAssembly(outdir);
}
