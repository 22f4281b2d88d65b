import type { Clock } from '#lambdas/platform/system.ts';
import { START } from './start.ts';

/** What happened in a run, line by line: the virtual time, who, and what. */
export interface History {
  /** False when nobody will read it: then nothing is kept. */
  readonly isKept: boolean;
  note(who: string, what: string): void;
  readonly lines: readonly string[];
}

/** Seconds since the start, to the millisecond. */
export const timeOf = (at: number): string => ((at - START) / 1000).toFixed(3).padStart(10);

export function historyOn(clock: Clock, isKept: boolean): History {
  const lines: string[] = [];
  return {
    isKept,
    lines,
    note: (who, what) => {
      if (isKept) lines.push(`${timeOf(clock.now())}  ${who.padEnd(22)} ${what}`);
    },
  };
}

/** Nobody reads it. */
export const NO_HISTORY: History = { isKept: false, lines: [], note: () => {} };
