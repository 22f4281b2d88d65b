/** A row of the table of settings in `docs/settings.md`. */
export interface DocumentedSetting {
  readonly name: string;
  readonly default: string;
}

const ROW = /^\|\s*`([A-Z][A-Z_]+)`\s*\|\s*`([^`]*)`\s*\|/;

/** The settings that stand in the section "Of the product" of a document, with their defaults. */
export function documentedSettings(markdown: string): DocumentedSetting[] {
  const [, section = ''] = markdown.split(/^## Of the product$/m);
  const [own = ''] = section.split(/^## /m);
  return own.split('\n').flatMap((line) => {
    const [, name, value] = ROW.exec(line) ?? [];
    return name === undefined || value === undefined ? [] : [{ name, default: value }];
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
