import { readOptions, UsageError } from '#cli/command.ts';
import { isMutantName, MUTANTS } from './mutants.ts';
import { PAIRS } from './pairs.ts';
import type { Variant } from './simulate.ts';
import { isStoreKind, STORE_KINDS } from './stored.ts';

/** What the command was asked for: many seeds, or one to be shown. */
export interface SimulationCommand {
  readonly from: number;
  readonly seeds: number;
  /** Shows the history of the one seed. */
  readonly isReplay: boolean;
  readonly workers: number;
  readonly variant: Variant;
}

export const USAGE = `npm run sim -- --seeds N [--from M] [--workers W]   plays N seeds from M (1) on, on W (2) threads
npm run sim -- --seed K                             plays one seed and shows its history
npm run sim -- --pairs                              plays every pair of faults at the first calls of one history
npm run sim -- --pair K                             plays one of them and shows its history
  --stores KIND   ${STORE_KINDS.join(' or ')}: maps in memory, or the DynamoDB adapters under the SDK's own retries
  --mutant NAME   with a mutant in the product: ${Object.keys(MUTANTS).join(', ')}`;

function wholeNumber(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} must be a whole number`);
  return Number(text);
}

/** @throws UsageError that says what is wrong with the arguments */
export function readCommand(args: readonly string[]): SimulationCommand {
  const text = { type: 'string' } as const;
  const values = readOptions(args, {
    seeds: text,
    from: text,
    seed: text,
    workers: text,
    mutant: text,
    stores: text,
    pair: text,
    pairs: { type: 'boolean' },
  });
  const { mutant, stores = 'memory' } = values;
  if (!isStoreKind(stores)) throw new UsageError(`there are no stores of the kind ${stores}`);
  if (mutant !== undefined && !isMutantName(mutant)) throw new UsageError(`there is no mutant ${mutant}`);
  const isPair = values.pairs === true || values.pair !== undefined;
  const shown = isPair ? values.pair : values.seed;
  const isReplay = shown !== undefined;
  const all = isPair ? PAIRS : 1000;
  return {
    from: isReplay ? wholeNumber(isPair ? 'pair' : 'seed', shown, 1) : wholeNumber('from', values.from, 1),
    seeds: isReplay ? 1 : Math.max(1, wholeNumber('seeds', values.seeds, all)),
    isReplay,
    workers: Math.max(1, wholeNumber('workers', values.workers, 2)),
    variant: { mutant, stores, history: isPair ? 'pair' : 'seed' },
  };
}
