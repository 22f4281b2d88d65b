import { describe, expect, test } from 'vitest';
import { anchorsOf, slugOf } from './headings.ts';
import { typeScriptProse } from './prose.ts';
import { promisesIn, type Repository } from './repository.ts';
import { shown, unresolvedIn } from './unresolved.ts';

const PAGES = new Map([['docs/architecture.md', '# Architecture\n\n## The order of writes\n']]);

const repository: Repository = {
  files: new Set([
    'README.md',
    'docs/architecture.md',
    'docs/spec/upstream.md',
    'docs/decisions/0003-one-open-intent-per-consent.md',
    'lambdas/chunk/advance.ts',
    'lambdas/chunk/advance-chunk/handler.ts',
    'lib/topology.ts',
    '.github/workflows/ci.yml',
  ]),
  scripts: new Set(['check', 'sim', 'test', 'verify:deploy']),
  decisions: new Set([3]),
  promises: new Set([1, 2]),
  anchors: (path) => anchorsOf(PAGES.get(path) ?? ''),
};

const found = (file: string, source: string): string[] => unresolvedIn(file, source, repository).map(shown);

describe('in a document', () => {
  test.each([
    'a [link](spec/upstream.md)',
    'a [link](architecture.md#the-order-of-writes) and [one](../README.md)',
    'a [heading of its own](#here)\n\n# Here',
    'a [place elsewhere](https://example.com/none.md)',
    'the document `docs/architecture.md`, or spec/upstream.md',
    'the file `lib/topology.ts`, the folder `lambdas/chunk/`, all of `lambdas/*/advance.ts`, a `handler.ts`',
    'what is left open: `lambdas/<wing>/handler.ts`, `docs/decisions/000N-….md`',
    '`npm run check`, `npm run -s sim -- --seed 3`, `npm test`, npm run verify:deploy.',
    'decision 3, ADR 3, ADR-3',
    'promise 2',
    'a third of the seeds; the seed that is played',
  ])('good: %s', (text) => {
    const pages = new Map([...PAGES, ['docs/page.md', text]]);
    const files = new Set([...repository.files, 'docs/page.md']);
    const here = { ...repository, files, anchors: (path: string) => anchorsOf(pages.get(path) ?? '') };
    expect(unresolvedIn('docs/page.md', text, here).map(shown)).toEqual([]);
  });

  test.each([
    ['a [link](spec/none.md)', 'the link spec/none.md'],
    ['a [link](architecture.md#no-such-heading)', 'the link architecture.md#no-such-heading'],
    ['a [link](../none/)', 'the link ../none/'],
    ['as design.md says', 'the document design.md'],
    ['as `docs/none.md` says.', 'the document docs/none.md'],
    ['in `lambdas/chunk/none.ts`', 'the path lambdas/chunk/none.ts'],
    ['in lambdas/chunk/none.ts', 'the path lambdas/chunk/none.ts'],
    ['in `lambdas/*/none.ts`', 'the path lambdas/*/none.ts'],
    ['in `none.test.ts`', 'the file none.test.ts'],
    ['run `npm run none`', 'the script none'],
    ['```sh\nnpm run none\n```', 'the script none', 2],
    ['see decision 9', 'decision 9'],
    ['see ADR 9', 'decision 9'],
    ['promise 8', 'promise 8'],
    ['as the cost study says', 'the words "cost study"'],
    ['as its page says (seeds, overview)', 'the words "(seeds"'],
  ])('bad: %s', (text, what, line = 1) => {
    expect(found('docs/page.md', text)).toContain(`docs/page.md:${line} → ${what}`);
  });
});

describe('in code', () => {
  test.each([
    ['a comment', '// see `upstream.md`', 'the document upstream.md'],
    ['a comment of many lines', '/**\n * see design.md, promise 5\n */', 'the document design.md', 2],
    ['a comment of many lines', '/**\n * see design.md, promise 5\n */', 'promise 5', 2],
    ['a comment behind code', 'const one = 1; // decision 9', 'decision 9'],
    ['a comment behind a string', "const one = '//'; // npm run none", 'the script none'],
    ['a comment behind a regular expression', 'const one = /["\'`]/; // decision 9', 'decision 9'],
    ['a comment behind a division', 'const one = two / 3; // decision 9', 'decision 9'],
    ['a comment within a template', `const one = \`a \${two /* decision 9 */} b\`;`, 'decision 9'],
    ['a page of the seeds', '/** The paths of the seeds. */', 'the words "of the seeds"'],
    ['a page of the seeds', '// (seeds, bulk status, "Record Object")', 'the words "(seeds"'],
    ['a string', "const text = 'see docs/none.md';", 'the document docs/none.md'],
    ['a template', 'const text = `run npm run none`;', 'the script none'],
  ])('bad, in %s: %s', (_, source, what, line = 1) => {
    expect(found('lambdas/page.ts', source)).toContain(`lambdas/page.ts:${line} → ${what}`);
  });

  test.each([
    '// see `docs/spec/upstream.md` and `lib/topology.ts`',
    "import { one } from './none.ts';",
    "const text = 'lib/none.ts';",
    'const decision9 = 9 / 3 / 1;',
    '// the seed that is played',
    "const text = '../docs/architecture.md';",
    "const text = 'in github.com/somebody/something, docs/none.md';",
  ])('good: %s', (source) => {
    expect(found('lambdas/page.ts', source)).toEqual([]);
  });

  test('seeds of the fault simulation are no document', () => {
    expect(found('test/fault-simulation/page.ts', '// the end of the seeds')).toEqual([]);
    expect(found('test/fault-simulation/page.ts', '// (seeds, overview)')).not.toEqual([]);
  });

  test('comments of a workflow are looked at', () => {
    expect(found('.github/workflows/ci.yml', 'run: none.md\n# as none.md says')).toEqual([
      '.github/workflows/ci.yml:2 → the document none.md',
    ]);
  });

  test('comments and strings are told apart, with their lines', () => {
    expect(typeScriptProse('const a = "x"; // y\n/* z */')).toEqual([
      { line: 1, kind: 'string', text: '"x"' },
      { line: 1, kind: 'comment', text: '// y' },
      { line: 2, kind: 'comment', text: '/* z */' },
    ]);
  });
});

describe('anchors and numbers', () => {
  test.each([
    ['The order of writes', 'the-order-of-writes'],
    ['What a failure means for a row', 'what-a-failure-means-for-a-row'],
    ['`POST /bulk/status`, and more', 'post-bulkstatus-and-more'],
    ['[A link](x.md) – here', 'a-link--here'],
  ])('%s is #%s', (heading, slug) => {
    expect(slugOf(heading)).toBe(slug);
  });

  test('a heading that comes again is numbered', () => {
    expect(anchorsOf('# A\n\n## B\n\n## B\n\n```\n# C\n```\n')).toEqual(new Set(['a', 'b', 'b-1']));
  });

  test('promises are those of their table', () => {
    expect(
      promisesIn('# A\n\n## Promises\n\n| # | p |\n|---|---|\n| 1 | one |\n| 2 | two |\n\n## B\n\n| 9 | x |\n'),
    ).toEqual(new Set([1, 2]));
  });
});
