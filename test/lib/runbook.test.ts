import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { FUNCTIONS } from '#lib/topology.ts';
import { rendered, synthesized } from './synthesized.ts';

// That each alarm links its section is tested with the alarms. Here: what a section sends people to look at exists.

const ROOT = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const runbook = read('docs/runbook.md').replaceAll(/\s+/g, ' ');
const matches = (pattern: RegExp): string[] => [
  ...new Set([...runbook.matchAll(pattern)].map(([, found = '']) => found)),
];

const stack = synthesized();

const bodySchema = z.object({
  widgets: z.array(z.object({ properties: z.looseObject({ title: z.string().optional() }) })),
});
const [dashboard] = stack.all('AWS::CloudWatch::Dashboard');
const titles = bodySchema
  .parse(JSON.parse(rendered(dashboard?.properties['DashboardBody'])))
  .widgets.flatMap(({ properties }) => properties.title ?? []);

const sources = globSync('lambdas/**/*.ts', { cwd: ROOT }).map(read);

describe('the runbook names', () => {
  const graphs = matches(/"([^"]+)" graph/g);
  const lines = matches(/log line "([^"]+)"/g);
  const outputs = matches(/\$\(output (\w+)/g);
  const functions = matches(/(?<!aws )\blogs ([a-z-]+) '/g);

  test('graphs, log lines, outputs and functions', () => {
    for (const named of [graphs, lines, outputs, functions]) expect(named.length).toBeGreaterThan(3);
  });

  test.each(graphs)('the graph %s, which is on the dashboard', (graph) => {
    // A title may go on with a unit or an explanation.
    expect(titles.map((title) => title.split(/,| \(/)[0])).toContain(graph);
  });

  test.each(lines)('the log line "%s", which a function writes', (line) => {
    expect(sources.filter((source) => source.includes(`'${line}'`))).not.toEqual([]);
  });

  test.each(outputs)('the output %s, which the stack has', (output) => {
    expect(Object.keys(stack.outputs)).toContain(output);
  });

  test.each(functions)('the logs of %s, which is a function', (name) => {
    expect(Object.keys(FUNCTIONS)).toContain(name);
  });
});

test.each(['docs/runbook.md', 'docs/deploy.md'])('every function that %s names in a command exists', (document) => {
  const names = [...read(document).matchAll(/bulk-data-fetch-\$stage-([a-z-]+)"/g)].map(([, name = '']) => name);
  expect(names.filter((name) => !/-dead-letters$/.test(name) && !(name in FUNCTIONS))).toEqual([]);
});
