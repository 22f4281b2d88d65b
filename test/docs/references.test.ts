import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readRepository } from './repository.ts';
import { type Finding, shown, unresolvedIn } from './unresolved.ts';

/**
 * Documents refer to files, headings, scripts, decisions and promises, and comments refer to documents. This fails where something that is referred to
 * doesn't exist.
 */

const repository = readRepository();

/** The tests of this test name what doesn't exist. */
const isLookedAt = (path: string): boolean => /\.(?:md|tsx?|ya?ml)$/.test(path) && !path.startsWith('test/docs/');

const files = [...repository.files].filter(isLookedAt).toSorted();

describe('references', () => {
  test('are looked at in many files', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(repository.files).toContain('.github/workflows/ci.yml');
  });

  test('lead somewhere', () => {
    const findings = files.flatMap((file): Finding[] => unresolvedIn(file, readFileSync(file, 'utf8'), repository));
    expect(findings.map(shown)).toEqual([]);
  });
});
