import type { Journal, Measure, Quantity } from '#lambdas/platform/telemetry.ts';

/** A journal to read in. */
export interface MemoryJournal extends Journal {
  countOf(measure: Measure): number;
  /** Every value that was measured, in order. */
  valuesOf(quantity: Quantity): readonly number[];
  readonly notes: readonly string[];
}

export function memoryJournal(): MemoryJournal {
  const counts = new Map<Measure, number>();
  const values = new Map<Quantity, number[]>();
  const notes: string[] = [];
  return {
    notes,
    count: (measure, value = 1) => {
      counts.set(measure, (counts.get(measure) ?? 0) + value);
    },
    measure: (quantity, value) => {
      values.set(quantity, [...(values.get(quantity) ?? []), value]);
    },
    note: (message, fields) => {
      notes.push(`${message} ${JSON.stringify(fields)}`);
    },
    countOf: (measure) => counts.get(measure) ?? 0,
    valuesOf: (quantity) => values.get(quantity) ?? [],
  };
}
