import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('npm prints no warnings of engines in this folder', () => {
  // As npm itself reads it: 30 lines of `npm ci` on Node 20 said that packages want a newer one.
  // What npm was told when it started the tests is no part of the folder.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_config_')));
  expect(execFileSync('npm', ['config', 'get', 'loglevel'], { encoding: 'utf8', env }).trim()).toBe('error');
});

test('the README says on which Node everything runs before its first command', () => {
  const [before = '', ...after] = readFileSync('README.md', 'utf8').split('```sh');
  expect(after.length).toBeGreaterThan(0);
  expect(before).toMatch(/Node 20 or newer[\s\S]*Node 24[\s\S]*comes as a package/);
});
