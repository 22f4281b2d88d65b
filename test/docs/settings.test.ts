import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { readSettings } from '#lambdas/platform/settings.ts';
import { readDeployment } from '#lib/deployment.ts';
import { SETTINGS } from '#lib/settings.ts';
import { AWS_PORT, LOCAL_VARIABLES } from '#local/variables.ts';
import { documentedSettings, namedSettings, variablesReadBy } from './settings-table.ts';

const page = readFileSync('docs/settings.md', 'utf8');
const documented = documentedSettings(page, 'Of the product');
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

describe('the other tables', () => {
  test('have every context of a deployment, and no other', () => {
    const asked = new Set<string>();
    readDeployment((key) => void asked.add(key));
    const names = documentedSettings(page, 'Of a deployment').map(({ name }) => name);
    expect(names.toSorted()).toEqual([...asked].toSorted());
  });

  test('have every variable of the local environment with its default, and no other', () => {
    const defaults: Record<string, unknown> = LOCAL_VARIABLES.parse({});
    const read = Object.keys(LOCAL_VARIABLES.shape).map((name) => ({ name, default: String(defaults[name] ?? '') }));
    expect(byName(documentedSettings(page, 'Of the local environment'))).toEqual(byName(read));
    expect(page).toContain(`Without it, ${AWS_PORT} unless that is taken`);
  });
});

const byName = (settings: readonly { readonly name: string }[]) =>
  settings.toSorted((one, other) => one.name.localeCompare(other.name));

describe('documents', () => {
  test.each(globSync('docs/**/*.md'))('%s names settings that exist', (path) => {
    const unknown = namedSettings(readFileSync(path, 'utf8')).filter((name) => !inSchema.has(name));
    expect(unknown).toEqual([]);
  });
});

describe('reading the table', () => {
  const pageOf = (rows: string): string =>
    `# Settings\n\n## Of the product\n\n| setting | default |\n|---|---|\n${rows}\n\n## Other\n\n| \`PORT\` | \`4000\` |\n`;

  test('takes names and defaults of its section only', () => {
    expect(
      documentedSettings(pageOf('| `CHUNK_ROWS` | `250` | rows |\n| `TABLE` | – | x |'), 'Of the product'),
    ).toEqual([
      { name: 'CHUNK_ROWS', default: '250' },
      { name: 'TABLE', default: '' },
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
