import { join } from 'node:path';
import { run } from '#verify/child.ts';
import { isolatedEnvironment, PROJECT } from '#verify/workplace.ts';

/** Where `npm run prepare:clients` installs what is no npm package. */
export const PYTHON_FOLDER = join(PROJECT, '.local/python');

const SECONDS = 60;
const PREPARE = 'npm run prepare:clients installs it (it takes Python 3.10 or newer, and PyPI)';
const IMPORT = 'import requests; print("requests", requests.__version__)';

/** Commands that may be the program, each with arguments that show whether it works, and what to say where none does. */
const PROGRAMS = {
  curl: { candidates: [['curl', '--aws-sigv4', 'aws:amz', '--version']], otherwise: 'no curl 7.75 or newer' },
  aws: {
    candidates: [
      [join(PYTHON_FOLDER, 'bin/aws'), '--version'],
      ['aws', '--version'],
    ],
    otherwise: `no AWS CLI; ${PREPARE}`,
  },
  python: {
    candidates: [
      [join(PYTHON_FOLDER, 'bin/python'), '-c', IMPORT],
      ['python3', '-c', IMPORT],
    ],
    otherwise: `no Python with requests; ${PREPARE}`,
  },
} as const;

/** A program that the project doesn't bring along. */
export interface Program {
  /** What it says of itself, or why there is none. */
  readonly version: string;
  /** Why it can't be run on this machine; null where it can. */
  readonly missing: string | null;
  /** Runs it to its end and returns what it printed. Rejects with its output when it fails. */
  run(args: readonly string[], environment?: Readonly<Record<string, string>>): Promise<string>;
}

/** Looks for a program on this machine. */
export async function findProgram(name: keyof typeof PROGRAMS, signal: AbortSignal): Promise<Program> {
  const { candidates, otherwise } = PROGRAMS[name];
  for (const [command, ...check] of candidates) {
    const call: Program['run'] = (args, environment = {}) =>
      run([command, ...args], { env: { ...isolatedEnvironment(), ...environment }, signal }, SECONDS);
    const printed = await call(check).catch(() => null);
    if (printed !== null) return { version: /^[^(\n]*/.exec(printed)?.[0] ?? '', missing: null, run: call };
  }
  return { version: otherwise, missing: otherwise, run: () => Promise.reject(new Error(otherwise)) };
}
