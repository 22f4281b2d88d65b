import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Endpoints, endpointsSchema } from '#local/endpoints.ts';
import { commandsOf, printedCommands } from './pasted-commands.ts';
import { sharedAssembly } from './shared-assembly.ts';

/**
 * Pastes what the README, the pages that go on from it and `npm start` itself show, in order, into a fresh copy of the project. Only ports are
 * free ones here, and the demo is small.
 */

/** Commands that are not run, and why. */
const NOT_RUN = new Map([
  ['npm ci', 'installs: the copy uses what is installed'],
  ['npm test', 'is what runs this test'],
]);

/** Pages whose commands are not run, and why. */
const PAGES_NOT_RUN = new Map([
  ['docs/deploy.md', 'needs an AWS account'],
  ['docs/runbook.md', 'needs an AWS account'],
  ['docs/performance.md', 'measures for minutes'],
  ['docs/testing.md', 'plays long tests'],
  ['CONTRIBUTING.md', 'runs every test'],
]);
const PAGES = ['README.md', 'docs/spec/simulator.md', 'docs/spec/upload-batch.md', 'docs/clients.md'];
const NEEDS_AWS = /\baws (?:cloudformation|secretsmanager)\b|\$table|acme-finpro/;

const START = 'TIME_SCALE=0.05 npm start';
const COPIED = globSync('*').filter((name) => !['node_modules', 'cdk.out', 'coverage'].includes(name));

let folder: string;
let started: ChildProcess;
/** What the last start has printed so far. */
let printed: string;
let endpoints: Endpoints;
/** Only the first start synthesizes the stack. */
let environment: NodeJS.ProcessEnv = process.env;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pasted-'));
  for (const name of COPIED) cpSync(name, join(folder, name), { recursive: true });
  symlinkSync(join(process.cwd(), 'node_modules'), join(folder, 'node_modules'));
  // What a page about Excel's files needs.
  cpSync('samples/consents.csv', join(folder, 'excel.csv'));
  await start();
  environment = { ...process.env, ASSEMBLY: (await sharedAssembly()).directory };
});
afterAll(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

/** `npm start`, as the README has it, but for its ports. */
async function start(): Promise<void> {
  const env = { ...environment, PORT: '0', SIMULATOR_PORT: '0', AWS_PORT: '0' };
  // In a group of its own, to which Ctrl-C goes as a terminal would send it.
  started = spawn('bash', ['-c', START], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  printed = '';
  started.stdout?.on('data', (chunk) => {
    printed += String(chunk);
  });
  await until(() => printed.includes('Ctrl-C stops it'), '`npm start` did not start');
  endpoints = endpointsSchema.parse(JSON.parse(await readFile(join(folder, '.local/endpoints.json'), 'utf8')));
}

async function until(isSo: () => boolean | Promise<boolean>, otherwise: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (await isSo()) return;
    await wait(200);
  }
  throw new Error(otherwise);
}

/** Ctrl-C. */
async function stop(): Promise<void> {
  if (started.pid === undefined || started.exitCode !== null || started.signalCode !== null) return;
  const gone = once(started, 'exit');
  process.kill(-started.pid, 'SIGINT');
  await gone;
}

/** What each command prints, by the command. Rejects where one exits with anything but 0. */
async function paste(commands: readonly string[]): Promise<Map<string, string>> {
  const adapted = commands.map((command) =>
    command
      .replaceAll('http://127.0.0.1:4000', endpoints.api)
      .replaceAll('http://127.0.0.1:4001', endpoints.simulator)
      .replace(/^npm run demo\b(?: --)?/, 'npm run demo -- --rows 100'),
  );
  const end = '--- the end of a command ---';
  const script = adapted.flatMap((command) => [command, `printf '\\n%s %s\\n' '${end}' $?`]).join('\n');
  const shell = spawn('bash', ['-c', script], { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'inherit'] });
  const outputs = (await text(shell.stdout)).split(new RegExp(`\\n${end} (\\d+)\\n`));
  return new Map(
    commands.map((command, index) => {
      expect({ command, exitCode: outputs[2 * index + 1] }).toEqual({ command, exitCode: '0' });
      return [command, outputs[2 * index] ?? ''];
    }),
  );
}

/** What an answer of the API or the simulator must not be. */
function expectAnswer(command: string, output: string): void {
  const answer = z.record(z.string(), z.unknown()).parse(JSON.parse(output));
  expect({ command, errorCode: answer['errorCode'] }).toEqual({ command, errorCode: undefined });
  if (!command.includes('/bulk/status')) return;
  const { data } = z.object({ data: z.object({ records: z.array(z.unknown()).min(1) }) }).parse(answer);
  expect(data.records.length).toBeGreaterThan(0);
}

/** What the demo's last screen says. */
function expectPromises(command: string, output: string): void {
  const screen = output.slice(output.indexOf('\nCOMPLETED'));
  expect(screen).toContain('COMPLETED: 9');
  expect(screen).toContain('✓ Accepted means processed: 100 of 100 rows have ended');
  expect(screen).toContain('0 windows over the limit');
  if (!command.includes('--kill')) return;
  const kills = output.match(/^Killed the product \(SIGKILL\)/gm)?.length ?? 0;
  expect(kills).toBeGreaterThan(0);
  expect(screen).toContain('100 FI requests for 100 rows, at most 1 FI request a row');
  expect(screen).toContain(`the product was killed ${kills === 1 ? 'once' : `${kills} times`}`);
}

const pasted = (page: string): string[] =>
  commandsOf(readFileSync(page, 'utf8')).filter((command) => !NOT_RUN.has(command) && command !== START);

describe('every command that can be pasted', () => {
  test('is run or left out for a reason', () => {
    const withCommands = globSync(['*.md', 'docs/**/*.md']).filter((page) => pasted(page).length > 0);
    expect(withCommands.toSorted()).toEqual([...PAGES, ...PAGES_NOT_RUN.keys()].toSorted());
    expect(commandsOf(readFileSync('README.md', 'utf8'))).toContain(START);
  });

  test.each(PAGES)('of %s works, in order, and shows something', { timeout: 400_000 }, async (page) => {
    const commands = pasted(page).filter((command) => !NEEDS_AWS.test(command));
    expect(commands.length).toBeGreaterThan(0);
    for (const [command, output] of await paste(commands)) {
      if (command.startsWith('curl')) expectAnswer(command, output);
      if (command.startsWith('npm run demo')) expectPromises(command, output);
    }
  });

  test('of `npm start` works, in order, and shows something', async () => {
    const hasAws = spawnSync('aws', ['--version']).status === 0;
    const commands = printedCommands(printed).filter((command) => hasAws || !command.startsWith('aws'));
    expect(commands.filter((command) => command.startsWith('curl'))).toHaveLength(3);
    for (const [command, output] of await paste(commands)) {
      if (command.startsWith('curl')) expectAnswer(command, output);
      if (command.startsWith('aws')) expect(output).toContain('upload:');
    }
    await until(() => /hello-\d+ COMPLETED in [\s\S]*1 failed \(ConsentRevoked 1\)/.test(printed), printed);
  });
});

test('Ctrl-C and another start lose no session', async () => {
  const upload = `curl -s ${endpoints.api}/fi/requests/schedule/upload/v3 -H @.local/demo-lender.headers -F file=@samples/consents.csv -F reference_id=over-a-restart`;
  await paste([upload]);
  // Then the other rows have sessions, too, whose data isn't ready.
  await until(() => /over-a-restart +[1-9]\d? %/.test(printed), printed);
  await stop();
  expect(await readFile(join(folder, '.local/endpoints.json'), 'utf8').catch(() => null)).toBeNull();

  await start();
  await until(() => printed.includes('of an earlier run'), printed);
  await until(() => printed.includes('over-a-restart COMPLETED'), printed);
  expect(printed).toMatch(/over-a-restart COMPLETED in .*: \d+ rows completed/);
  expect(printed).not.toContain('InvalidSessionId');
});
