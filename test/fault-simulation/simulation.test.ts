import { afterAll, describe, expect, test } from 'vitest';
import { FAMILIES } from './fault-mix.ts';
import { captureLogLines } from './log-lines.ts';
import { readCommand } from './options.ts';
import { reportOf } from './report.ts';
import { scenarioOf } from './scenario.ts';
import { type Outcome, simulate } from './simulate.ts';

const logLines = captureLogLines();
afterAll(() => logLines.release());

const seedsTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('a history', () => {
  test.each([5, 19, 52, 70])('of seed %i is the same each time', async (seed) => {
    const [first, second] = [
      await simulate(seed, logLines, { keepHistory: true }),
      await simulate(seed, logLines, { keepHistory: true }),
    ];
    expect(first.history.length).toBeGreaterThan(100);
    expect(second).toEqual(first);
  });

  test('is another for another seed', async () => {
    const histories = await Promise.all([1, 2].map((seed) => simulate(seed, logLines, { keepHistory: true })));
    expect(histories[0]?.history).not.toEqual(histories[1]?.history);
  });

  test('that breaks a promise says which, shows all that happened, and how to see it again', async () => {
    const outcome = await simulate(10, logLines, { keepHistory: true, mutant: 'ignores-budget' });
    const report = reportOf(outcome);
    expect(report).toMatch(/BROKEN: \d+ windows went over the limit/);
    expect(report).toContain('npm run sim -- --seed 10 --mutant ignores-budget');
    expect(report).toMatch(/schedule-batch|upload-batch|ingest-file/);
    expect(report).toContain('chunks.saveState');
  });

  test('may have any of the faults, or none', () => {
    const mixes = seedsTo(200).map((seed) => scenarioOf(seed).mix.families);
    expect([...new Set(mixes.flat())].toSorted()).toEqual([...FAMILIES].toSorted());
    expect(mixes.some((families) => families.length === 0)).toBe(true);
  });

  test('may be so bad that chunks are given up, before their deadline or at it', async () => {
    const deadly = seedsTo(1000).filter((seed) => scenarioOf(seed).mix.deadly > 0);
    const outcomes: Outcome[] = [];
    for (const seed of deadly) outcomes.push(await simulate(seed, logLines));
    expect(outcomes.map(({ broken }) => broken)).toEqual(deadly.map(() => null));
    const givenUp = outcomes.filter((outcome) => outcome.givenUp > 0).map(({ seconds }) => seconds);
    expect(Math.min(...givenUp)).toBeLessThan(7_200);
    expect(Math.max(...givenUp)).toBeGreaterThan(7_200);
  });
});

describe('the command', () => {
  test.each([
    [['--seeds', '20', '--from', '7'], { from: 7, seeds: 20, isReplay: false, workers: 2 }],
    [['--seed', '42'], { from: 42, seeds: 1, isReplay: true }],
    [['--seed', '42', '--mutant', 'does-not-probe'], { variant: { mutant: 'does-not-probe', stores: 'memory' } }],
    [['--stores', 'table'], { variant: { stores: 'table' } }],
    [['--pairs'], { from: 1, seeds: 9045, isReplay: false, variant: { history: 'pair' } }],
    [['--pair', '77'], { from: 77, seeds: 1, isReplay: true, variant: { history: 'pair' } }],
    [[], { from: 1, seeds: 1000 }],
  ])('%j', (args, expected) => {
    expect(readCommand(args)).toMatchObject(expected);
  });

  test.each([[['--seeds', 'many']], [['--mutant', 'none-of-them']], [['--sed', '1']]])('refuses %j', (args) => {
    expect(() => readCommand(args)).toThrow();
  });
});
