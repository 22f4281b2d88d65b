import type { Disturbance } from '../world/disturbance.ts';
import type { FunctionName } from '../world/functions.ts';

/** What was done to whom in a history: faults of calls, by the function whose worker made them, and batch writes that DynamoDB left undone. */
export interface Strikes {
  readonly all: number;
  on(...functions: readonly FunctionName[]): number;
}

/** The same disturbance, whose strikes are counted. */
export function counted(disturbance: Disturbance): { readonly disturbance: Disturbance; readonly strikes: Strikes } {
  const byFunction = new Map<string, number>();
  let unprocessed = 0;
  return {
    disturbance: {
      ...disturbance,
      fault: (call) => {
        const fault = disturbance.fault(call);
        const [name = ''] = call.worker.split(' ');
        if (fault) byFunction.set(name, (byFunction.get(name) ?? 0) + 1);
        return fault;
      },
      unprocessed: () => {
        const left = disturbance.unprocessed();
        if (left > 0) unprocessed += 1;
        return left;
      },
    },
    strikes: {
      get all() {
        return [...byFunction.values()].reduce((sum, count) => sum + count, unprocessed);
      },
      // Nobody says whose write was left undone.
      on: (...functions) => functions.reduce((sum, name) => sum + (byFunction.get(name) ?? 0), unprocessed),
    },
  };
}
