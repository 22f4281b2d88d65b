import type { Journal, Measure } from '../../lambdas/core/ports.ts';

/** A journal to read in. */
export interface MemoryJournal extends Journal {
  countOf(measure: Measure): number;
  readonly notes: readonly string[];
}

export function memoryJournal(): MemoryJournal {
  const counts = new Map<Measure, number>();
  const notes: string[] = [];
  return {
    notes,
    count: (measure, value = 1) => {
      counts.set(measure, (counts.get(measure) ?? 0) + value);
    },
    note: (message, fields) => {
      notes.push(`${message} ${JSON.stringify(fields)}`);
    },
    countOf: (measure) => counts.get(measure) ?? 0,
  };
}
