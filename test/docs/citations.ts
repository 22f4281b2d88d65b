import type { Prose } from './prose.ts';

/** Something that a text refers to. */
export interface Citation {
  readonly line: number;
  readonly kind: 'link' | 'document' | 'path' | 'file' | 'script' | 'decision' | 'promise' | 'phrase' | 'seed';
  readonly target: string;
}

/** Everything that a line of prose refers to. Strings are only looked through for documents, scripts, decisions and words. */
export function citationsOf(prose: Prose, topFolders: ReadonlySet<string>): Citation[] {
  const text = prose.text.replace(ELSEWHERE, '');
  const cite = (kind: Citation['kind'], targets: readonly string[]): Citation[] =>
    targets.map((target) => ({ line: prose.line, kind, target }));
  const paths = prose.kind === 'string' || prose.kind === 'code' ? [] : pathsIn(text, topFolders);
  return [
    ...(prose.kind === 'markdown' ? cite('link', linksIn(text)) : []),
    ...cite('document', documentsIn(prose.kind === 'markdown' ? withoutLinks(text) : text)),
    ...paths.map(({ kind, target }) => ({ line: prose.line, kind, target })),
    ...cite('script', matches(text, /\bnpm (?:run (?:-s |--silent )?|(?=(?:test|start)\b))([\w:-]+)/g)),
    ...cite('decision', matches(text, /\b(?:decisions?|ADRs?)[ #-]+(\d{1,4})\b/gi)),
    ...cite('promise', matches(text, /\bpromises? (\d+)\b/gi)),
    ...(prose.kind === 'code' ? [] : cite('phrase', wordsOf(text, PHRASES))),
    ...(prose.kind === 'code' || prose.kind === 'markdown' ? [] : cite('seed', wordsOf(text, SEEDS))),
  ];
}

/** A URL, and what is said to lie in another repository. */
const ELSEWHERE = /\b\w+:\/\/\S+|\bgithub\.com\/\S+.*$/g;

const matches = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].flatMap(([, found]) => (found === undefined ? [] : [found]));

const withoutSpans = (text: string): string => text.replace(/`[^`]*`/g, (span) => ' '.repeat(span.length));

const LINK = /\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g;

/** Targets of Markdown links and pictures that lead nowhere but into the repository. */
const linksIn = (text: string): string[] =>
  matches(withoutSpans(text), LINK).filter((target) => !/^\w+:/.test(target) && target !== '');

const withoutLinks = (text: string): string => text.replace(LINK, '](');

/** Characters of a path, and of a pattern or a place in it that is left open. */
const TOKEN = /[\w@.*<>{}…$-]+(?:\/[\w@.*<>{}…$-]*)*/g;
const isOpen = (token: string): boolean => /[<>{}…$]/.test(token) || token.includes('...');
const trimmed = (token: string): string => token.replace(/[.]+$/, '');

/** Names of Markdown files, wherever they stand. */
const documentsIn = (text: string): string[] =>
  [...text.matchAll(TOKEN)].map(([token]) => trimmed(token)).filter((token) => /\w\.md$/.test(token) && !isOpen(token));

const SOURCE = /\w\.(?:tsx?|ya?ml)$/;
const ENDING = /\.\w{1,5}$/;

/** Paths below the repository's folders, and in backticks also names of source files. */
function pathsIn(text: string, topFolders: ReadonlySet<string>): Pick<Citation, 'kind' | 'target'>[] {
  const spans = matches(text, /`([^`]+)`/g);
  const inSpans = spans.flatMap((span) => tokensOf(span).filter((token) => isBelow(token, topFolders)));
  const names = spans.flatMap((span) => tokensOf(span).filter((token) => !token.includes('/') && SOURCE.test(token)));
  const bare = tokensOf(withoutSpans(withoutLinks(text))).filter(
    (token) => isBelow(token, topFolders) && (ENDING.test(token) || token.endsWith('/')),
  );
  return [
    ...[...inSpans, ...bare].map((target) => ({ kind: 'path' as const, target })),
    ...names.map((target) => ({ kind: 'file' as const, target })),
  ];
}

const tokensOf = (text: string): string[] =>
  [...text.matchAll(TOKEN)]
    .map(([token]) => trimmed(token))
    .filter((token) => !isOpen(token) && !token.endsWith('.md') && !/^[.*]+$/.test(token));

const isBelow = (token: string, topFolders: ReadonlySet<string>): boolean =>
  token.includes('/') && topFolders.has(token.slice(0, token.indexOf('/')));

/** Words that name a document nobody has. */
const PHRASES =
  /\bcost study(?:'s)?\b|\(seeds?\b(?=[,):])|\bseeds\/[\w-]+\.txt|\bdesign, ["“]|\bthe design's (?:table|figures|promises)\b/gi;

/** The same where nothing else is called a seed. */
const SEEDS =
  /\b(?:of|in|by|as) the seeds?\b(?! (?:that|is|of))|\bthe seeds? (?:have|has|shows?|leaves?|says?|does)\b|\bthe seed's\b|\bthe seeds’/gi;

const wordsOf = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([words]) => words);
