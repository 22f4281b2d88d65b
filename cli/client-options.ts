import { parseArgs } from 'node:util';
import { z } from 'zod';
import { APP_IDENTIFIER, ORGANISATION_ID } from '#lambdas/clients/client.ts';

/** A wrong command line. The message says what to change, and shows the usage. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const USAGE = {
  create: 'create --organisation <id> --app <identifier> [--app <identifier> ...]',
  list: 'list [--organisation <id>] [--json]',
  rotate: 'rotate --client <client_id> [--overlap <hours>]',
  disable: 'disable --client <client_id>',
} as const;

const WHERE =
  'Acts on the local environment of `npm start`, or with --table <name> [--region <region>] on a deployed one.';
const usageOf = (lines: readonly string[]): string =>
  [...lines.map((line) => `npm run clients -- ${line}`), WHERE].join('\n');

/** A string option, read as a list, so that one given twice isn't silently overwritten. */
const STRING = { type: 'string', multiple: true } as const;
const OPTIONS = {
  create: { organisation: STRING, app: STRING, table: STRING, region: STRING },
  list: { organisation: STRING, json: { type: 'boolean' }, table: STRING, region: STRING },
  rotate: { client: STRING, overlap: STRING, table: STRING, region: STRING },
  disable: { client: STRING, table: STRING, region: STRING },
} as const;

const string = (pattern: RegExp, expected: string) =>
  z.string({ error: ({ input }) => (input === undefined ? 'is required' : 'can be given only once') }).regex(pattern, {
    error: `must be ${expected}`,
  });

const DEFAULT_HOURS = '24';
const MAX_HOURS = 720;
const overlap = `a number of hours from 0 to ${MAX_HOURS}, such as 24 or 0.5`;
const app = string(APP_IDENTIFIER, '1 to 128 printable ASCII characters without spaces');
const organisation = string(ORGANISATION_ID, '1 to 36 letters, digits, dots, hyphens and underscores');
const client = string(/^[\x21-\x7e]{1,128}$/, 'a client_id, as `list` shows it');
const location = {
  table: string(/^[\w.-]{3,255}$/, "the name of a table: the stack's output TableName").optional(),
  region: string(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region such as ap-south-1').optional(),
};

const commandLine = z.discriminatedUnion('command', [
  z.object({
    command: z.literal('create'),
    organisation,
    app: z.array(app, { error: 'is required' }),
    ...location,
  }),
  z.object({
    command: z.literal('list'),
    organisation: organisation.optional(),
    json: z.boolean().default(false),
    ...location,
  }),
  z.object({
    command: z.literal('rotate'),
    client,
    overlap: string(/^\d+(\.\d+)?$/, overlap)
      .default(DEFAULT_HOURS)
      .transform(Number)
      .refine((hours) => hours <= MAX_HOURS, { error: `must be ${overlap}` }),
    ...location,
  }),
  z.object({ command: z.literal('disable'), client, ...location }),
]);

/** What the command line asks for. `overlap` is in hours. */
export type ClientCommand = z.output<typeof commandLine>;

/**
 * Reads the arguments of `npm run clients`; null when they ask for help.
 * @throws UsageError naming the option, and what it should be
 */
export function readClientCommand(args: readonly string[]): ClientCommand | null {
  const [name, ...rest] = args;
  if (name === 'help' || args.includes('--help')) return null;
  const command = isCommand(name) ? name : undefined;
  if (command === undefined) {
    const given = name === undefined ? 'No command given' : `Unknown command '${name}'`;
    throw new UsageError(`${given}.\n${clientUsage()}`);
  }
  const parsed = commandLine.safeParse({ command, ...optionsOf(command, rest) });
  if (!parsed.success) {
    throw usageError(
      command,
      parsed.error.issues.map(({ path, message }) => `--${String(path[0])} ${message}`),
    );
  }
  if (parsed.data.region !== undefined && parsed.data.table === undefined) {
    throw usageError(command, ['--region needs --table']);
  }
  return parsed.data;
}

/** The usage of every command. */
export const clientUsage = (): string => usageOf(Object.values(USAGE));

const isCommand = (name: string | undefined): name is keyof typeof USAGE =>
  name !== undefined && Object.hasOwn(USAGE, name);

const usageError = (command: keyof typeof USAGE, faults: readonly string[]): UsageError =>
  new UsageError([...faults, usageOf([USAGE[command]])].join('\n'));

/** The options by name: a string; a list for `app` and for what was given twice. */
function optionsOf(command: keyof typeof OPTIONS, args: readonly string[]): Record<string, unknown> {
  try {
    const { values } = parseArgs({ args: [...args], options: OPTIONS[command] });
    return Object.fromEntries(
      Object.entries(values).map(([name, value]) => {
        const isOne = Array.isArray(value) && value.length === 1 && name !== 'app';
        return [name, isOne ? value[0] : value];
      }),
    );
  } catch (error) {
    throw usageError(command, [faultOf(String(error))]);
  }
}

/** A short form of `parseArgs`' message, which goes on about positional arguments. */
function faultOf(message: string): string {
  const [, quoted = ''] = /'([^' ]+)/.exec(message) ?? [];
  if (/argument (missing|is ambiguous)/.test(message)) return `${quoted} needs a value`;
  if (message.includes('does not take an argument')) return `${quoted} takes no value`;
  return message.includes('Unknown option') ? `Unknown option ${quoted}` : `Unexpected argument '${quoted}'`;
}
