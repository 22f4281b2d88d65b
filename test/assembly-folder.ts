import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** A folder of this run, in which the files that need the synthesized stack share it. */
    readonly assemblyFolder: string;
  }
}

/** Vitest's global setup. What it returns runs at the end. */
export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'assembly-'));
  provide('assemblyFolder', folder);
  return () => rm(folder, { recursive: true, force: true });
}
