import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readSettings } from '../../lambdas/core/settings.ts';
import { SETTINGS } from '../../lib/settings.ts';
import { documentedSettings, namedSettings, variablesReadBy } from './settings-table.ts';

const PAGE = 'docs/settings.md';
const documented = documentedSettings(readFileSync(PAGE, 'utf8'));
const inSchema = variablesReadBy(readSettings);

describe('the table of settings', () => {
  test('has every setting of the schema, once, and no other', () => {
    expect(inSchema.size).toBeGreaterThan(20);
    expect(documented.map(({ name }) => name).toSorted()).toEqual([...inSchema].toSorted());
  });

  test.each(documented)('says the default of $name', ({ name, default: value }) => {
    expect(readSettings({ [name]: value })).toEqual(readSettings({}));
  });

  test('says what a deployment is given', () => {
    expect(Object.fromEntries(documented.map(({ name, default: value }) => [name, value]))).toEqual(SETTINGS);
  });
});

describe('documents', () => {
  test.each(globSync('docs/**/*.md'))('%s names settings that exist', (path) => {
    const unknown = namedSettings(readFileSync(path, 'utf8')).filter((name) => !inSchema.has(name));
    expect(unknown).toEqual([]);
  });
});

describe('reading the table', () => {
  const page = (rows: string): string =>
    `# Settings\n\n## Of the product\n\n| setting | default |\n|---|---|\n${rows}\n\n## Other\n\n| \`PORT\` | \`4000\` |\n`;

  test('takes names and defaults of its section only', () => {
    expect(documentedSettings(page('| `CHUNK_ROWS` | `250` | rows |'))).toEqual([
      { name: 'CHUNK_ROWS', default: '250' },
    ]);
  });

  test('finds what a schema reads', () => {
    expect(variablesReadBy((environment) => [environment['ONE_SECONDS'], environment['TWO']])).toEqual(
      new Set(['ONE_SECONDS', 'TWO']),
    );
  });

  test('finds a setting that a text names', () => {
    expect(namedSettings('waits `NO_SUCH_SECONDS`, not NO_OTHER_SECONDS, `CHUNK_ROWS`')).toEqual(['NO_SUCH_SECONDS']);
  });
});
