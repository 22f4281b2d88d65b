import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { progressOn } from '#local/progress.ts';

const counts = (completed: number) => ({ total: 100, ready: 0, in_progress: 100 - completed, completed, failed: 0 });

/** What is written to something that is no terminal. */
function output(): { stream: NodeJS.WriteStream; lines: () => string[] } {
  const written: string[] = [];
  const stream = Object.assign(new PassThrough(), { isTTY: false });
  stream.on('data', (chunk) => written.push(String(chunk)));
  // Only what a stream of any kind has is used of one that is no terminal.
  return { stream: Object.create(stream), lines: () => written.join('').trimEnd().split('\n') };
}

test('one line a batch for each tenth and for what it waits for, however often it is shown', () => {
  const { stream, lines } = output();
  const progress = progressOn(stream);
  progress.show('a/one', { ...counts(0), ready: 100, in_progress: 0 }, '100 rows to be sent now');
  progress.show('a/one', counts(0), 'calling FinPro');
  progress.show('b/two', counts(0), '');
  for (let completed = 1; completed < 25; completed += 1) {
    progress.show('a/one', counts(completed), `${100 - completed} rows wait until 10:00:${completed}`);
  }
  progress.show('a/one', counts(24), 'calling FinPro');
  progress.end('a/one', 'a/one COMPLETED');
  progress.stop();
  expect(lines()).toEqual([
    'a/one   0 % | ready 100 | in progress 0 | completed 0 | failed 0 | 100 rows to be sent now',
    'a/one   0 % | ready 0 | in progress 100 | completed 0 | failed 0 | calling FinPro',
    'b/two   0 % | ready 0 | in progress 100 | completed 0 | failed 0',
    'a/one   1 % | ready 0 | in progress 99 | completed 1 | failed 0 | 99 rows wait until 10:00:1',
    'a/one  10 % | ready 0 | in progress 90 | completed 10 | failed 0 | 90 rows wait until 10:00:10',
    'a/one  20 % | ready 0 | in progress 80 | completed 20 | failed 0 | 80 rows wait until 10:00:20',
    'a/one  24 % | ready 0 | in progress 76 | completed 24 | failed 0 | calling FinPro',
    'a/one COMPLETED',
  ]);
});
