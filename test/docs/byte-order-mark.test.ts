import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCsv } from '#lambdas/batch/csv-file.ts';

const page = readFileSync('docs/spec/upload-batch.md', 'utf8');
const [, command = ''] = /```sh\n(.*sed .*)\n```/.exec(page) ?? [];
const CSV = 'consentId\n54450ac0-8bcb-4b9c-ad74-29b4fabe18f7\n';

test.each([
  ['a byte order mark', `${Buffer.from([0xef, 0xbb, 0xbf])}${CSV}`],
  ['none', CSV],
])(
  'the command that the page has for files with a byte order mark makes a readable one of a file with %s',
  (_, content) => {
    const folder = mkdtempSync(join(tmpdir(), 'mark-'));
    try {
      writeFileSync(join(folder, 'excel.csv'), content);
      execFileSync('bash', ['-c', command], { cwd: folder });
      const bytes = readFileSync(join(folder, 'consents.csv'));
      expect(bytes.toString('utf8')).toBe(CSV);
      expect(readCsv(bytes, 10).rows).toHaveLength(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
