import { z } from 'zod';
import { APP_IDENTIFIER, ORGANISATION_ID } from '#lambdas/clients/client.ts';
import { readOptions, UsageError } from './command.ts';

const USAGE = {
  create: 'create --organisation <id> --app <identifier> [--app <identifier> ...]',
  list: 'list [--organisation <id>] [--json]',
  rotate: 'rotate --client <client_id> [--overlap <hours>]',
  disable: 'disable --client <client_id>',
} as const;

const WHERE =
  'Acts on the local environment of `npm start`, or with --table <name> [--region <region>] on a deployed one.';

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
 * Reads the arguments of `npm run clients`.
 * @throws UsageError naming the option, and what it should be
 */
export function readClientCommand(args: readonly string[]): ClientCommand {
  const [name, ...rest] = args;
  const command = isCommand(name) ? name : undefined;
  if (command === undefined) {
    throw new UsageError(name === undefined ? 'No command given.' : `Unknown command '${name}'.`);
  }
  const parsed = commandLine.safeParse({ command, ...optionsOf(command, rest) });
  if (!parsed.success) {
    throw new UsageError(parsed.error.issues.map(({ path, message }) => `--${String(path[0])} ${message}`).join('\n'));
  }
  if (parsed.data.region !== undefined && parsed.data.table === undefined) {
    throw new UsageError('--region needs --table');
  }
  return parsed.data;
}

/** How each command is called. */
export const CLIENT_USAGE = [...Object.values(USAGE).map((line) => `npm run clients -- ${line}`), WHERE].join('\n');

const isCommand = (name: string | undefined): name is keyof typeof USAGE =>
  name !== undefined && Object.hasOwn(USAGE, name);

/** The options by name: a string; a list for `app` and for what was given twice. */
function optionsOf(command: keyof typeof OPTIONS, args: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(readOptions(args, OPTIONS[command])).map(([name, value]) => {
      const isOne = Array.isArray(value) && value.length === 1 && name !== 'app';
      return [name, isOne ? value[0] : value];
    }),
  );
}
