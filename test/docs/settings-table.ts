/** A row of the table of settings in `docs/settings.md`. */
export interface DocumentedSetting {
  readonly name: string;
  readonly default: string;
}

const ROW = /^\|\s*`(\w+)`\s*\|\s*(?:`([^`]*)`)?/;

/** The settings in the table of a section, with their defaults: what stands in backticks in the second column, or nothing. */
export function documentedSettings(markdown: string, heading: string): DocumentedSetting[] {
  const [, section = ''] = markdown.split(`\n## ${heading}\n`);
  const [own = ''] = section.split('\n## ');
  return own.split('\n').flatMap((line) => {
    const [, name, value = ''] = ROW.exec(line) ?? [];
    return name === undefined ? [] : [{ name, default: value }];
  });
}

const WITH_UNIT = /`([A-Z][A-Z_]*_(?:SECONDS|MILLISECONDS|DAYS))`/g;

/** The settings that a text names by their unit, in backticks. */
export const namedSettings = (markdown: string): string[] =>
  [...markdown.matchAll(WITH_UNIT)].flatMap(([, name]) => (name === undefined ? [] : [name]));

/** The variables that a reader of the environment asks for. */
export function variablesReadBy(read: (environment: Record<string, string | undefined>) => unknown): Set<string> {
  const names = new Set<string>();
  read(
    new Proxy<Record<string, string | undefined>>(
      {},
      {
        get: (_, name) => {
          if (typeof name === 'string' && /^[A-Z_]+$/.test(name)) names.add(name);
          return undefined;
        },
      },
    ),
  );
  return names;
}
