import { parseArgs } from 'node:util';
import type { z } from 'zod';

/** A wrong command line or setting. The message says what to change; the command's usage is shown below it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/**
 * Runs a command: `--help` shows its usage and exits with 0, a `UsageError` is shown with the usage and exits with 2, whatever else is
 * thrown is one line and exits with 1. Otherwise it exits with what `run` resolves to, 0 being nothing.
 */
export async function runCommand(usage: string, run: (args: string[]) => Promise<number | undefined>): Promise<void> {
  const args = process.argv.slice(2);
  if (args[0] === 'help' || args.includes('--help') || args.includes('-h')) {
    console.log(usage);
    return;
  }
  try {
    process.exitCode = (await run(args)) ?? 0;
  } catch (error) {
    const isUsage = error instanceof UsageError;
    console.error(isUsage ? `${error.message}\n\n${usage}` : failureLine(error));
    process.exitCode = isUsage ? 2 : 1;
  }
}

type Options = NonNullable<NonNullable<Parameters<typeof parseArgs>[0]>['options']>;

/** The options of a command line, as `parseArgs` reads them. Throws a `UsageError` that names a wrong one. */
export function readOptions<const Given extends Options>(args: readonly string[], options: Given) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(faultOf(String(error)));
  }
}

/** A short form of `parseArgs`' message, which goes on about positional arguments. */
function faultOf(message: string): string {
  const [, quoted = ''] = /'([^' ]+)/.exec(message) ?? [];
  if (/argument (missing|is ambiguous)/.test(message)) return `${quoted} needs a value`;
  if (message.includes('does not take an argument')) return `${quoted} takes no value`;
  return message.includes('Unknown option') ? `Unknown option ${quoted}` : `Unexpected argument '${quoted}'`;
}

/** The environment variables of a schema. Throws a `UsageError` that names each wrong one and what it should be. */
export function readVariables<Schema extends z.ZodObject>(schema: Schema): z.output<Schema> {
  const parsed = schema.safeParse(process.env);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path: [name = ''], message }) => {
    return `${String(name)} ${message}, not '${process.env[String(name)]}'`;
  });
  throw new UsageError(faults.join('\n'));
}

/** What to do about what Node's errors say, by their code. */
const REMEDIES: Readonly<Record<string, (about: { path: string; address: string }) => string>> = {
  ENOENT: ({ path }) => `${path} does not exist. Check the path`,
  EISDIR: ({ path }) => `${path || 'the path'} is a folder. Name a file in it`,
  ENOTDIR: ({ path }) => `${path} is in something that is no folder. Check the path`,
  EACCES: ({ path, address }) => `${path || address} may not be used. Check its permissions, or name another`,
  EADDRINUSE: ({ address }) => `${address} is taken. Stop what listens there, or set another port (--help says how)`,
  ECONNREFUSED: ({ address }) => `Nothing answers at ${address}. Start it again`,
};

/** One line on why a command failed and, if known, what to do. A mistake in the code shows where it is. */
export function failureLine(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // What `fetch` throws hides what has happened behind a general error.
  if (error.message === 'fetch failed' && error.cause !== undefined) return failureLine(error.cause);
  const { code, path, address, port } = { code: '', path: '', address: '', port: '', ...error };
  const remedy = REMEDIES[code];
  if (remedy !== undefined) return `${remedy({ path, address: `${address}:${port}` })}.`;
  if (error instanceof TypeError || error instanceof ReferenceError) return error.stack ?? error.message;
  const [line = ''] = error.message.split('\n');
  return line === '' ? error.name : line;
}
