import type { NeededPermission } from './aws-call.ts';

/** One AWS action on one resource, as called by a function (or a state machine, or from `outside`). */
export interface RecordedCall extends NeededPermission {
  readonly caller: string;
}

/** Remembers, once each, which action on which resource each caller used, so that a test can hold it against the roles. */
export class CallRecord {
  readonly #calls = new Map<string, RecordedCall>();

  add(caller: string, needed: NeededPermission): void {
    const key = `${caller} ${needed.action} ${needed.resource} ${needed.partition ?? ''}`;
    if (!this.#calls.has(key)) this.#calls.set(key, { caller, ...needed });
  }

  read(): RecordedCall[] {
    return [...this.#calls.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, call]) => call);
  }
}
