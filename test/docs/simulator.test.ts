import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DEFAULT_RATE_LIMIT, defaultFaults, faultsSchema, mergedFaults } from '#simulator/faults.ts';
import { SCENARIOS } from '#simulator/scenarios.ts';
import { examplesOf } from './examples.ts';

const page = readFileSync('docs/spec/simulator.md', 'utf8');

/** The names in the first column of the table whose first column has this heading, sorted. */
function namesUnder(heading: string): string[] {
  const [, table = ''] = page.split(`\n| ${heading} |`);
  const [own = ''] = table.split('\n\n');
  return [...own.matchAll(/^\| `([\w-]+)` \|/gm)].flatMap(([, name]) => name ?? []).toSorted();
}

test('every scenario is documented', () => {
  expect(namesUnder('scenario')).toEqual(SCENARIOS.toSorted());
});

test('every fault is documented', () => {
  expect(namesUnder('fault')).toEqual(Object.keys(faultsSchema.shape).toSorted());
  const { limit: _, windowSeconds: __, ...more } = faultsSchema.shape.rateLimit.unwrap().unwrap().shape;
  expect(namesUnder('key')).toEqual(Object.keys(more).toSorted());
});

test('the faults of the example are those after its last command', () => {
  const example = examplesOf(page).find(({ text }) => text.includes('"latencyMs"'));
  const faults = mergedFaults(defaultFaults(DEFAULT_RATE_LIMIT), { ambiguousRate: 0.1 });
  expect(JSON.parse(example?.text ?? '')).toEqual(faults);
});
