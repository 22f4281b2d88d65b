import type { Counter, Gauge, Telemetry } from '#lambdas/platform/telemetry.ts';

/** A telemetry to read in. */
export interface MemoryTelemetry extends Telemetry {
  countOf(gauge: Counter): number;
  /** Every value that was measured, in order. */
  valuesOf(quantity: Gauge): readonly number[];
  readonly notes: readonly string[];
}

export function memoryTelemetry(): MemoryTelemetry {
  const counts = new Map<Counter, number>();
  const values = new Map<Gauge, number[]>();
  const notes: string[] = [];
  return {
    notes,
    count: (measure, value = 1) => {
      counts.set(measure, (counts.get(measure) ?? 0) + value);
    },
    gauge: (quantity, value) => {
      values.set(quantity, [...(values.get(quantity) ?? []), value]);
    },
    warn: (message, fields) => {
      notes.push(`${message} ${JSON.stringify(fields)}`);
    },
    countOf: (measure) => counts.get(measure) ?? 0,
    valuesOf: (quantity) => values.get(quantity) ?? [],
  };
}
