import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sharedAssembly } from './shared-assembly.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'demo-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** The demo as `npm run demo -- …` runs it, called from a folder of its own. */
async function demo(...args: string[]) {
  const ASSEMBLY = (await sharedAssembly()).directory;
  const env = { ...process.env, ASSEMBLY, INIT_CWD: folder, TMPDIR: folder };
  const child = spawn(process.execPath, ['cli/demo.ts', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors, exitCode] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((ended) => child.once('close', ended)),
  ]);
  return { output, errors, exitCode };
}

describe('the demo', () => {
  test('with a file that is refused says in one line which and why', async () => {
    await writeFile(join(folder, 'bad.csv'), 'consent\n54450ac0-8bcb-4b9c-ad74-29b4fabe18f7\n');
    const { errors, exitCode } = await demo('--file', 'bad.csv');
    expect(exitCode).toBe(1);
    expect(errors).toMatch(/bad\.csv was refused: InvalidFileContent: .*consentId.*\n$/);
    expect(errors.trim().split('\n')).toHaveLength(1);
    expect(await readdir(folder)).toEqual(['bad.csv']);
  }, 120_000);
});
