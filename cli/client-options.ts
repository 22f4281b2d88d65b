import { parseArgs } from 'node:util';
import { z } from 'zod';
import { APP_IDENTIFIER, ORGANISATION_ID } from '#lambdas/clients/client.ts';

/** A command line that cannot be meant. The message says what to change, and how the command is called. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const USAGE = {
  create: 'create --organisation <id> --app <identifier> [--app <identifier> ...]',
  list: 'list [--organisation <id>] [--json]',
  rotate: 'rotate --client <client_id> [--overlap <hours>]',
  disable: 'disable --client <client_id>',
} as const;

const PLACE = 'On the local environment of `npm start`, or with --table <name> [--region <region>] on a deployed one.';
const usageOf = (lines: readonly string[]): string =>
  [...lines.map((line) => `npm run clients -- ${line}`), PLACE].join('\n');

/** A text option. Each is read as a list, so that one given twice is not taken for the last one. */
const TEXT = { type: 'string', multiple: true } as const;
const OPTIONS = {
  create: { organisation: TEXT, app: TEXT, table: TEXT, region: TEXT },
  list: { organisation: TEXT, json: { type: 'boolean' }, table: TEXT, region: TEXT },
  rotate: { client: TEXT, overlap: TEXT, table: TEXT, region: TEXT },
  disable: { client: TEXT, table: TEXT, region: TEXT },
} as const;

const text = (pattern: RegExp, expected: string) =>
  z.string({ error: ({ input }) => (input === undefined ? 'is required' : 'can be given only once') }).regex(pattern, {
    error: `must be ${expected}`,
  });

const DAY_OF_HOURS = '24';
const MOST_HOURS = 720;
const overlap = `a number of hours from 0 to ${MOST_HOURS}, such as 24 or 0.5`;
const app = text(APP_IDENTIFIER, '1 to 128 printable ASCII characters without spaces');
const organisation = text(ORGANISATION_ID, '1 to 36 letters, digits, dots, hyphens and underscores');
const client = text(/^[\x21-\x7e]{1,128}$/, 'a client_id, as `list` shows it');
const place = {
  table: text(/^[\w.-]{3,255}$/, "the name of a table: the stack's output TableName").optional(),
  region: text(/^[a-z]{2}(-[a-z]+)+-\d$/, 'a region such as ap-south-1').optional(),
};

const commandLine = z.discriminatedUnion('command', [
  z.object({
    command: z.literal('create'),
    organisation,
    app: z.array(app, { error: 'is required' }),
    ...place,
  }),
  z.object({
    command: z.literal('list'),
    organisation: organisation.optional(),
    json: z.boolean().default(false),
    ...place,
  }),
  z.object({
    command: z.literal('rotate'),
    client,
    overlap: text(/^\d+(\.\d+)?$/, overlap)
      .default(DAY_OF_HOURS)
      .transform(Number)
      .refine((hours) => hours <= MOST_HOURS, { error: `must be ${overlap}` }),
    ...place,
  }),
  z.object({ command: z.literal('disable'), client, ...place }),
]);

/** What the command line asks for. `overlap` is in hours. */
export type ClientCommand = z.output<typeof commandLine>;

/**
 * Reads the arguments of `npm run clients`; null where help is asked for.
 * @throws UsageError naming the option, and what it should be
 */
export function readClientCommand(args: readonly string[]): ClientCommand | null {
  const [name, ...rest] = args;
  if (name === 'help' || args.includes('--help')) return null;
  const command = isCommand(name) ? name : undefined;
  if (command === undefined) {
    const given = name === undefined ? 'No command is given' : `There is no command '${name}'`;
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
    throw usageError(command, ['--region goes with --table, which is missing']);
  }
  return parsed.data;
}

/** How each command is called. */
export const clientUsage = (): string => usageOf(Object.values(USAGE));

const isCommand = (name: string | undefined): name is keyof typeof USAGE =>
  name !== undefined && Object.hasOwn(USAGE, name);

const usageError = (command: keyof typeof USAGE, faults: readonly string[]): UsageError =>
  new UsageError([...faults, usageOf([USAGE[command]])].join('\n'));

/** The options by their names: a text, or for `app` and for what was given twice a list of them. */
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

/** What `parseArgs` found, in few words: it goes on about positional arguments, which there are none of here. */
function faultOf(message: string): string {
  const [, quoted = ''] = /'([^' ]+)/.exec(message) ?? [];
  if (/argument (missing|is ambiguous)/.test(message)) return `${quoted} needs a value`;
  if (message.includes('does not take an argument')) return `${quoted} takes no value`;
  return message.includes('Unknown option') ? `There is no option ${quoted}` : `'${quoted}' is not expected`;
}
