import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { inject } from 'vitest';
import { synthesize } from '#local/synthesize.ts';
import { type Assembly, readAssembly } from '#local/template/assembly.ts';

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** The stack as `cdk synth` makes it, once in a run of all tests: who comes first synthesizes it, the others wait. It is only read from. */
export async function sharedAssembly(): Promise<Assembly> {
  const folder = inject('assemblyFolder');
  const assembly = join(folder, 'assembly');
  const made = join(folder, 'made');
  const failed = join(folder, 'failed');
  const isFirst = await mkdir(join(folder, 'leased')).then(
    () => true,
    () => false,
  );
  if (isFirst) {
    try {
      const synthesized = await synthesize(assembly);
      await mkdir(made);
      return synthesized;
    } catch (error) {
      await mkdir(failed);
      throw error;
    }
  }
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (await exists(made)) return readAssembly(assembly);
    if (await exists(failed)) throw new Error('the stack could not be synthesized: see the file that ran first');
    await wait(100);
  }
  throw new Error('the stack was not synthesized in time');
}
