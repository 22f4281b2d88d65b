import type { ReportStore } from '#lambdas/batch/bucket.ts';

/** The drop folder's reports, by key. */
export interface MemoryReports extends ReportStore {
  readonly written: ReadonlyMap<string, object>;
}

export function memoryReports(): MemoryReports {
  const written = new Map<string, object>();
  return {
    written,
    write: async (key, report) => {
      written.set(key, structuredClone(report));
    },
  };
}
