import { parentPort } from 'node:worker_threads';
import { z } from 'zod';
import { captureLogLines } from './log-lines.ts';
import { isMutantName } from './mutants.ts';
import { HISTORY_KINDS, type Outcome, simulate } from './simulate.ts';
import { STORE_KINDS } from './stored.ts';

/** Seeds to play, both bounds included. */
const block = z.object({
  first: z.number().int(),
  last: z.number().int(),
  variant: z.object({
    mutant: z.string().refine(isMutantName).optional(),
    stores: z.enum(STORE_KINDS).optional(),
    history: z.enum(HISTORY_KINDS).optional(),
  }),
});

/** What a thread answers when a block is done: the seeds that broke a promise. */
export interface BlockResult {
  readonly played: number;
  readonly broken: readonly Outcome[];
}

const logLines = captureLogLines();

parentPort?.on('message', async (message: unknown) => {
  const { first, last, variant } = block.parse(message);
  const broken: Outcome[] = [];
  for (let seed = first; seed <= last; seed += 1) {
    const outcome = await simulate(seed, logLines, variant);
    if (outcome.broken !== null) broken.push(outcome);
  }
  const result: BlockResult = { played: last - first + 1, broken };
  parentPort?.postMessage(result);
});
