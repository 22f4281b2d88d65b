/** A line of text for people: in a comment, in a string, or of a Markdown document. `code` is what stands in a fence. */
export interface Prose {
  /** From 1. */
  readonly line: number;
  readonly kind: 'comment' | 'string' | 'markdown' | 'code';
  readonly text: string;
}

/** What is to be read in a file, by its ending; nothing for files of other kinds. */
export function proseOf(path: string, source: string): Prose[] {
  if (path.endsWith('.md')) return markdownProse(source);
  if (/\.tsx?$/.test(path)) return typeScriptProse(source);
  return /\.ya?ml$/.test(path) ? yamlProse(source) : [];
}

export function markdownProse(source: string): Prose[] {
  let isFenced = false;
  return source.split('\n').flatMap((text, index): Prose[] => {
    if (/^\s*(```|~~~)/.test(text)) {
      isFenced = !isFenced;
      return [];
    }
    return [{ line: index + 1, kind: isFenced ? 'code' : 'markdown', text }];
  });
}

const yamlProse = (source: string): Prose[] =>
  source.split('\n').flatMap((text, index): Prose[] => {
    const comment = /(?:^|\s)#(.*)$/.exec(text)?.[1];
    return comment === undefined ? [] : [{ line: index + 1, kind: 'comment', text: comment }];
  });

/** After one of these a slash begins a regular expression, and is no division. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|=>|\b(?:return|typeof|case|in|of|await|yield))\s*$/;
const REGEX = /\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/y;
const QUOTED = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"/y;
const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const TEMPLATE_TEXT = /(?:\\.|\$(?!\{)|[^`\\$])*/y;

/** Comments and strings of TypeScript. A scanner of its own, since the compiler's is no longer to be had from JavaScript. */
export function typeScriptProse(source: string): Prose[] {
  const found: Prose[] = [];
  /** Per template that is open: how many braces are open in its expression. */
  const templates: number[] = [];
  let at = 0;

  const match = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    return pattern.exec(source)?.[0] ?? null;
  };
  const take = (text: string, kind: Prose['kind']): void => {
    const first = lineAt(source, at);
    text.split('\n').forEach((line, index) => {
      found.push({ line: first + index, kind, text: line });
    });
    at += text.length;
  };
  const takeTemplate = (): void => {
    take(match(TEMPLATE_TEXT) ?? '', 'string');
    if (source.startsWith('${', at)) {
      templates.push(0);
      at += 2;
    } else at += 1;
  };

  while (at < source.length) {
    const comment = match(COMMENT);
    if (comment !== null) {
      take(comment, 'comment');
      continue;
    }
    const quoted = match(QUOTED);
    if (quoted !== null) {
      take(quoted, 'string');
      continue;
    }
    const character = source[at];
    const regex = character === '/' && BEFORE_REGEX.test(source.slice(Math.max(0, at - 20), at)) ? match(REGEX) : null;
    if (regex !== null) {
      at += regex.length;
      continue;
    }
    at += 1;
    const open = templates.at(-1);
    if (character === '`') takeTemplate();
    else if (open !== undefined && character === '{') templates[templates.length - 1] = open + 1;
    else if (open !== undefined && character === '}') {
      if (open === 0) {
        templates.pop();
        takeTemplate();
      } else templates[templates.length - 1] = open - 1;
    }
  }
  return found;
}

const lineAt = (source: string, at: number): number => source.slice(0, at).split('\n').length;
