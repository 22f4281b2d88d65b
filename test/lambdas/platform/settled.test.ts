import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { allSettled } from '#lambdas/platform/settled.ts';

const LAMBDAS = join(import.meta.dirname, '../../../lambdas');
const sources = globSync('**/*.ts', { cwd: LAMBDAS })
  .filter((file) => file !== join('platform', 'settled.ts'))
  .map((file) => ({ file, source: readFileSync(join(LAMBDAS, file), 'utf8') }));

describe('what is done at once', () => {
  test('is all done before a failure is told', async () => {
    const done: string[] = [];
    const slow = async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      done.push('slow');
    };
    await expect(allSettled([Promise.reject(new Error('failed')), slow()])).rejects.toThrow('failed');
    expect(done).toEqual(['slow']);
    expect(await allSettled([Promise.resolve(1), 'two'])).toEqual([1, 'two']);
  });

  // A handler that fails with the first of several writes leaves the others to a container that freezes.
  test('is never waited for by the first failure alone', () => {
    const hasty = sources.filter(({ source }) => /\bPromise\.(all|race|any)\(/.test(source));
    expect(hasty.map(({ file }) => file)).toEqual([]);
    const mapping = sources.filter(({ source }) => /\bpMap\(/.test(source));
    expect(mapping.length).toBeGreaterThan(0);
    expect(mapping.filter(({ source }) => !source.includes('stopOnError: false')).map(({ file }) => file)).toEqual([]);
  });
});
