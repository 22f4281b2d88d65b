import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readRepository } from './repository.ts';
import { type Finding, shown, unresolvedIn } from './unresolved.ts';

/**
 * Documents refer to files, headings, scripts, decisions and promises, and comments refer to documents. This fails where something that is referred to
 * doesn't exist.
 */

/** Whether comments and strings of the code are looked at, or documents only. */
const LOOKS_AT_CODE: boolean = false;

/** Documents that are still to be rewritten; there are none once code is looked at. */
const TO_REWRITE: ReadonlySet<string> = new Set();

/** Paths that documents name already and that the code is being moved to; there are none once code is looked at. */
const PLANNED: ReadonlySet<string> = new Set();

/** Scripts of the same kind. */
const PLANNED_SCRIPTS: ReadonlySet<string> = new Set();

const repository = readRepository();
const known = {
  ...repository,
  files: new Set([...repository.files, ...PLANNED]),
  scripts: new Set([...repository.scripts, ...PLANNED_SCRIPTS]),
};

/** The tests of this test name what doesn't exist. */
const isLookedAt = (path: string): boolean => {
  if (path.startsWith('test/docs/') || TO_REWRITE.has(path)) return false;
  return LOOKS_AT_CODE ? /\.(?:md|tsx?|ya?ml)$/.test(path) : path.endsWith('.md');
};

const files = [...repository.files].filter(isLookedAt).toSorted();

describe('references', () => {
  test('are looked at in many files', () => {
    expect(files.length).toBeGreaterThan(20);
    expect(repository.files).toContain('.github/workflows/ci.yml');
  });

  test('lead somewhere', () => {
    const findings = files.flatMap((file): Finding[] => unresolvedIn(file, readFileSync(file, 'utf8'), known));
    expect(findings.map(shown)).toEqual([]);
  });

  test('are planned only where nothing is yet', () => {
    expect([...PLANNED].filter((path) => repository.files.has(path))).toEqual([]);
    expect([...PLANNED_SCRIPTS].filter((script) => repository.scripts.has(script))).toEqual([]);
  });
});
