import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readRepository } from './repository.ts';
import { type Finding, shown, unresolvedIn } from './unresolved.ts';

/**
 * Documents refer to files, headings, scripts, decisions and promises, and comments refer to documents. This fails where something that is referred to
 * doesn't exist.
 */

/** Folders whose code is checked, comments and strings. Documents are checked everywhere. */
const CODE: readonly string[] = [
  'cli',
  'lambdas',
  'simulator',
  'test/cli',
  'test/end-to-end',
  'test/lambdas',
  'test/simulator',
  'test/verify',
  'verify',
];

/** Documents that are still to be rewritten; there are none once code is looked at. */
const TO_REWRITE: ReadonlySet<string> = new Set(['docs/performance.md']);

/** Paths that documents name already and that the code is being moved to; there are none once code is looked at. */
const PLANNED: ReadonlySet<string> = new Set(['lib/topology.ts']);

/** Scripts of the same kind. */
const PLANNED_SCRIPTS: ReadonlySet<string> = new Set(['test:unit']);

const repository = readRepository();
const known = {
  ...repository,
  files: new Set([...repository.files, ...PLANNED]),
  scripts: new Set([...repository.scripts, ...PLANNED_SCRIPTS]),
};

/** The tests of this test name what doesn't exist. */
const isLookedAt = (path: string): boolean => {
  if (path.startsWith('test/docs/') || TO_REWRITE.has(path)) return false;
  return (
    path.endsWith('.md') || (/\.(?:tsx?|ya?ml)$/.test(path) && CODE.some((folder) => path.startsWith(`${folder}/`)))
  );
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
