import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

/** Files with secrets, as the documents name them: a client's headers, credentials at FinPro, `endpoints.json`. */
const WRITES_SECRET = /> ?\S*(?:headers|finpro|secret|credentials)\S*/;

/** Commands of documents that write secrets, one a line. */
const commands = ['README.md', ...globSync('docs/**/*.md')].flatMap((path) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => /npm run|cat|printf|echo|aws /.test(line) && WRITES_SECRET.test(line))
    .map((line): [string, string] => [path, line.trim()]),
);

describe('a command that writes a secret lets nobody else read the file', () => {
  test('there are some', () => {
    expect(commands.length).toBeGreaterThan(2);
  });

  test.each(commands)('%s: %s', (_, line) => {
    expect(line).toContain('umask 077;');
  });
});
