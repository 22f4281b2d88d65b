import { Worker } from 'node:worker_threads';
import { runCommand } from '#cli/command.ts';
import { captureLogLines } from './log-lines.ts';
import { readCommand, type SimulationCommand, USAGE } from './options.ts';
import { replayCommand, reportOf } from './report.ts';
import type { BlockResult } from './seed-worker.ts';
import { type Outcome, simulate } from './simulate.ts';

/** Seeds that a thread plays before it asks for more. */
const BLOCK = 50;
/** After so many broken seeds nothing new is learnt. */
const ENOUGH = 10;

/** Plays one seed in this process, with its history. */
async function replay(seed: number, { variant }: SimulationCommand): Promise<Outcome> {
  const logLines = captureLogLines();
  try {
    return await simulate(seed, logLines, { keepHistory: true, ...variant });
  } finally {
    logLines.release();
  }
}

/** Plays all seeds on some threads; resolves with those that broke a promise, in order. */
async function playAll({ from, seeds, workers, variant }: SimulationCommand): Promise<Outcome[]> {
  const unit = variant.history === 'pair' ? 'pairs' : 'seeds';
  const startedAt = process.hrtime.bigint();
  const broken: Outcome[] = [];
  let next = from;
  let played = 0;
  let toldAt = 0;
  const elapsed = (): number => Number(process.hrtime.bigint() - startedAt) / 1e9;
  const tell = (): void => {
    console.log(`${played} of ${seeds} ${unit}, ${(played / elapsed()).toFixed(1)} ${unit}/s, ${broken.length} broken`);
  };

  const onThread = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const thread = new Worker(new URL('./seed-worker.ts', import.meta.url));
      const giveWork = (): void => {
        if (next >= from + seeds || broken.length >= ENOUGH) return void thread.terminate().then(() => resolve());
        const last = Math.min(next + BLOCK, from + seeds) - 1;
        thread.postMessage({ first: next, last, variant });
        next = last + 1;
      };
      thread.on('message', (result: BlockResult) => {
        played += result.played;
        for (const outcome of result.broken) {
          broken.push(outcome);
          console.log(`${variant.history ?? 'seed'} ${outcome.seed}: ${outcome.broken}\n  ${replayCommand(outcome)}`);
        }
        if (elapsed() - toldAt > 10) {
          toldAt = elapsed();
          tell();
        }
        giveWork();
      });
      thread.on('error', reject);
      giveWork();
    });
  await Promise.all(Array.from({ length: Math.min(workers, Math.ceil(seeds / BLOCK)) }, onThread));
  tell();
  return broken.toSorted((a, b) => a.seed - b.seed);
}

await runCommand(USAGE, async (args) => {
  const command = readCommand(args);
  const broken = command.isReplay ? [] : await playAll(command);
  const shown = command.isReplay ? command.from : broken[0]?.seed;
  if (shown === undefined) return 0;
  const outcome = await replay(shown, command);
  console.log(reportOf(outcome));
  return outcome.broken !== null || broken.length > 0 ? 1 : 0;
});
