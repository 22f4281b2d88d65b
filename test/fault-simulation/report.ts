import type { MistakeName } from './mistakes.ts';
import type { Outcome } from './simulate.ts';

/** The command that plays a seed again and shows its history. */
export const replayCommand = (seed: number, mistake?: MistakeName): string =>
  `npm run sim -- --seed ${seed}${mistake ? ` --mistake ${mistake}` : ''}`;

/** What broke, in which history, and how to see it again. */
export function reportOf({ seed, broken, families, history }: Outcome, mistake?: MistakeName): string {
  return [
    `Seed ${seed} (faults: ${families.join(', ') || 'none'})`,
    ...(history.length > 0 ? ['', ...history, ''] : []),
    broken === null ? 'Every promise was kept.' : `BROKEN: ${broken}`,
    `Replay: ${replayCommand(seed, mistake)}`,
  ].join('\n');
}
