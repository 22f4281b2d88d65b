import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { failureLine } from '#cli/command.ts';

const { scripts } = z
  .object({ scripts: z.record(z.string(), z.string()) })
  .parse(JSON.parse(readFileSync('package.json', 'utf8')));

/** The commands of package.json that are our own, by their names. */
const COMMANDS = Object.entries(scripts).flatMap(([name, script]): [string, string][] => {
  const [file] = /\S+\.ts$/.exec(script) ?? [];
  return script.startsWith('node ') && file !== undefined ? [[name, file]] : [];
});

async function run(file: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const env = { ...process.env, ...environment };
  const child = spawn(process.execPath, [file, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors, exitCode] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((ended, failed) => child.once('error', failed).once('close', ended)),
  ]);
  return { output, errors, exitCode };
}

describe('every command', () => {
  test('is found', () => {
    const names = ['bench', 'clients', 'demo', 'prepare:clients', 'sim', 'simulator', 'start', 'verify:deploy'];
    expect(COMMANDS.map(([name]) => name).toSorted()).toEqual(names);
  });

  test.each(COMMANDS)('%s says with --help how it is called, and does nothing', async (name, file) => {
    const { output, errors, exitCode } = await run(file, ['--help']);
    expect({ errors, exitCode }).toEqual({ errors: '', exitCode: 0 });
    expect(output).toContain(name === 'start' ? 'npm start' : `npm run ${name}`);
  });

  test.each(COMMANDS)('%s names an option that it does not have, and shows its usage', async (name, file) => {
    const { output, errors, exitCode } = await run(file, [...(name === 'clients' ? ['list'] : []), '--nonsense']);
    expect({ output, exitCode }).toEqual({ output: '', exitCode: 2 });
    expect(errors.split('\n')[0]).toBe('Unknown option --nonsense');
    expect(errors).toContain('npm ');
    expect(errors).not.toContain('    at ');
  });
});

describe('one line names the path and what to do', () => {
  test.each<[string, string, string[], RegExp]>([
    ['demo', 'cli/demo.ts', ['--file', '/nope.csv'], /^--file: \/nope\.csv does not exist\. Name a CSV or JSON file/],
    ['demo', 'cli/demo.ts', ['--file', 'samples'], /^--file: samples is no file\. Name a CSV or JSON file/],
    ['demo', 'cli/demo.ts', ['--rows', '0'], /^--rows must be a whole number from 1 to 10,000, not '0'$/],
    ['demo', 'cli/demo.ts', ['--rows', '5', '--file', 'x'], /^--rows and --file exclude each other$/],
    ['bench', 'bench/main.ts', ['--against', '/nope.json'], /^\/nope\.json does not exist\. Check the path\.$/],
    ['bench', 'bench/main.ts', ['--against', 'package.json'], /^package\.json is no record of a run\. Name what/],
    ['sim', 'test/fault-simulation/main.ts', ['--mutant', 'x'], /^there is no mutant x$/],
    ['sim', 'test/fault-simulation/main.ts', ['--seed', '-1'], /^--seed needs a value$/],
  ])('%s %s %j', async (_, file, args, line) => {
    const { output, errors, exitCode } = await run(file, args);
    expect(output).toBe('');
    expect([1, 2]).toContain(exitCode);
    expect(errors.split('\n')[0]).toMatch(line);
    expect(errors).not.toContain('    at ');
  });

  test('wrong settings, each of them', async () => {
    const wrong = { SIMULATOR_PORT: '70000', TIME_SCALE: 'fast' };
    const { errors, exitCode } = await run('simulator/main.ts', [], wrong);
    expect(exitCode).toBe(2);
    expect(errors.split('\n').slice(0, 2)).toEqual([
      "SIMULATOR_PORT must be a port, a whole number from 0 to 65535, not '70000'",
      "TIME_SCALE must be a number from 0.001 on, not 'fast'",
    ]);
  });
});

describe('a failure', () => {
  const coded = (code: string, about: object) => Object.assign(new Error(`${code}: …`), { code, ...about });

  test.each<[unknown, string | RegExp]>([
    [coded('ENOENT', { path: '/a' }), '/a does not exist. Check the path.'],
    [coded('EISDIR', {}), 'the path is a folder. Name a file in it.'],
    [
      coded('EADDRINUSE', { address: '127.0.0.1', port: 4000 }),
      '127.0.0.1:4000 is taken. Stop what listens there, or set another port (--help says how).',
    ],
    [
      Object.assign(new TypeError('fetch failed'), { cause: coded('ECONNREFUSED', { address: '::1', port: 1 }) }),
      'Nothing answers at ::1:1. Start it again.',
    ],
    [new Error('one\ntwo'), 'one'],
    [new Error(''), 'Error'],
    ['text', 'text'],
    [new TypeError('a mistake'), /^TypeError: a mistake\n +at /],
  ])('%o', (error, line) => {
    if (typeof line === 'string') expect(failureLine(error)).toBe(line);
    else expect(failureLine(error)).toMatch(line);
  });
});
