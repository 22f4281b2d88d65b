import type { Outcome } from './simulate.ts';

/** The command that plays a seed again and shows its history. */
export const replayCommand = ({ seed, variant: { mutant, stores, history } }: Outcome): string =>
  [
    history === 'pair' ? 'npm run sim -- --pair' : 'npm run sim -- --seed',
    seed,
    ...(stores === 'table' ? ['--stores table'] : []),
    ...(mutant ? ['--mutant', mutant] : []),
  ].join(' ');

/** What broke, in which history, and how to see it again. */
export function reportOf(outcome: Outcome): string {
  const { seed, broken, families, history, variant } = outcome;
  return [
    `${variant.history === 'pair' ? 'Pair' : 'Seed'} ${seed} (faults: ${families.join(', ') || 'none'})`,
    ...(history.length > 0 ? ['', ...history, ''] : []),
    broken === null ? 'Every promise was kept.' : `BROKEN: ${broken}`,
    `Replay: ${replayCommand(outcome)}`,
  ].join('\n');
}
