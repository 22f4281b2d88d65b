import type { MutantName } from './mutants.ts';
import type { Outcome } from './simulate.ts';

/** The command that plays a seed again and shows its history. */
export const replayCommand = (seed: number, mutant?: MutantName): string =>
  `npm run sim -- --seed ${seed}${mutant ? ` --mutant ${mutant}` : ''}`;

/** What broke, in which history, and how to see it again. */
export function reportOf({ seed, broken, families, history }: Outcome, mutant?: MutantName): string {
  return [
    `Seed ${seed} (faults: ${families.join(', ') || 'none'})`,
    ...(history.length > 0 ? ['', ...history, ''] : []),
    broken === null ? 'Every promise was kept.' : `BROKEN: ${broken}`,
    `Replay: ${replayCommand(seed, mutant)}`,
  ].join('\n');
}
