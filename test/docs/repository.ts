import { globSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { anchorsOf } from './headings.ts';

/** What there is to refer to. Paths are relative to the repository's root, with slashes. */
export interface Repository {
  readonly files: ReadonlySet<string>;
  readonly scripts: ReadonlySet<string>;
  readonly decisions: ReadonlySet<number>;
  readonly promises: ReadonlySet<number>;
  /** The anchors of a Markdown document. */
  anchors(path: string): ReadonlySet<string>;
}

/** Where nothing is written by hand. */
const GENERATED = /^(?:node_modules|\.git|cdk\.out|coverage|\.local)(?:\/|$)/;

/** The repository in the working directory. */
export function readRepository(): Repository {
  const files = globSync(['**', '.*/**'], { withFileTypes: true, exclude: (entry) => GENERATED.test(pathOf(entry)) })
    .filter((entry) => entry.isFile())
    .map(pathOf);
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync('package.json', 'utf8')));
  return {
    files: new Set(files),
    scripts: new Set(Object.keys(scripts)),
    decisions: new Set(files.flatMap((path) => numbersIn(/^docs\/decisions\/(\d{4})-/, path))),
    promises: promisesIn(readFileSync('docs/architecture.md', 'utf8')),
    anchors: (path) => anchorsOf(readFileSync(path, 'utf8')),
  };
}

const pathOf = ({ parentPath, name }: { readonly parentPath: string; readonly name: string }): string =>
  `${parentPath}/${name}`.replaceAll('\\', '/').replace(/^\.\//, '').replace(`${process.cwd()}/`, '');

const numbersIn = (pattern: RegExp, text: string): number[] => {
  const found = pattern.exec(text)?.[1];
  return found === undefined ? [] : [Number(found)];
};

/** The numbers in the table of promises. */
export function promisesIn(architecture: string): Set<number> {
  const [, section = ''] = architecture.split(/^## Promises$/m);
  const [own = ''] = section.split(/^## /m);
  return new Set(own.split('\n').flatMap((line) => numbersIn(/^\|\s*(\d+)\s*\|/, line)));
}
