import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/**
 * Makes this local cloud the only one that uses a state directory, until the function it returns is called or the process ends, however it
 * ends: the lock is one of the operating system, which SQLite takes on every platform. Throws when another has it.
 */
export function lockStateDir(stateDir: string): () => void {
  mkdirSync(stateDir, { recursive: true });
  const lock = new DatabaseSync(join(stateDir, 'lock'));
  try {
    lock.exec('BEGIN EXCLUSIVE');
  } catch {
    lock.close();
    throw new Error(`the state directory ${stateDir} is in use by another local cloud`);
  }
  return () => lock.close();
}
