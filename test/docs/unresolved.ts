import { posix } from 'node:path';
import { type Citation, citationsOf } from './citations.ts';
import { proseOf } from './prose.ts';
import type { Repository } from './repository.ts';

/** A reference that leads nowhere. */
export interface Finding {
  readonly file: string;
  readonly line: number;
  readonly what: string;
}

export const shown = ({ file, line, what }: Finding): string => `${file}:${line} → ${what}`;

/** Every reference of a file that leads nowhere, each once a line. */
export function unresolvedIn(file: string, source: string, repository: Repository): Finding[] {
  const topFolders = new Set([...repository.files].flatMap((path) => (path.includes('/') ? [firstPart(path)] : [])));
  const found = proseOf(file, source)
    .flatMap((prose) => citationsOf(prose, topFolders))
    .filter((citation) => !resolves(citation, file, repository))
    .map(({ line, kind, target }) => ({ file, line, what: TOLD[kind](target) }));
  const once = new Map(found.map((finding) => [shown(finding), finding]));
  return [...once.values()];
}

const firstPart = (path: string): string => path.slice(0, path.indexOf('/'));

const TOLD: Readonly<Record<Citation['kind'], (target: string) => string>> = {
  link: (target) => `the link ${target}`,
  document: (target) => `the document ${target}`,
  path: (target) => `the path ${target}`,
  file: (target) => `the file ${target}`,
  script: (target) => `the script ${target}`,
  decision: (target) => `decision ${target}`,
  promise: (target) => `promise ${target}`,
  phrase: (target) => `the words "${target}"`,
  seed: (target) => `the words "${target}"`,
};

function resolves({ kind, target }: Citation, file: string, repository: Repository): boolean {
  const { files, scripts, decisions, promises } = repository;
  switch (kind) {
    case 'link':
      return leadsSomewhere(target, file, repository);
    case 'document':
      return files.has(target) || ((file.endsWith('.md') || target.startsWith('.')) && files.has(beside(file, target)));
    case 'path':
      return exists(target, files) || exists(beside(file, target), files);
    case 'file':
      return [...files].some((path) => posix.matchesGlob(posix.basename(path), target));
    case 'script':
      return scripts.has(target);
    case 'decision':
      return decisions.has(Number(target));
    case 'promise':
      return promises.has(Number(target));
    case 'phrase':
      return false;
    case 'seed':
      return HISTORIES.test(file);
  }
}

/** Where a seed is a number that a history follows from, and no document. */
const HISTORIES = /^test\/(?:fault-simulation|world)\//;

const beside = (file: string, target: string): string => posix.join(posix.dirname(file), target);

/** A file, a folder, or a pattern that some file matches. */
function exists(target: string, files: ReadonlySet<string>): boolean {
  if (files.has(target)) return true;
  const folder = target.endsWith('/') ? target : `${target}/`;
  return [...files].some(
    (path) => path.startsWith(folder) || (target.includes('*') && posix.matchesGlob(path, target)),
  );
}

function leadsSomewhere(target: string, file: string, { files, anchors }: Repository): boolean {
  const [path = '', anchor] = target.split('#');
  const to = path === '' ? file : beside(file, path);
  if (!exists(to, files)) return false;
  return anchor === undefined || !to.endsWith('.md') || anchors(to).has(anchor);
}
