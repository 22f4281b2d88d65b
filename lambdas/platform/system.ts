import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';

export const systemClock: Clock = { now: () => Date.now() };

export const systemWait: Wait = (milliseconds) => setTimeout(milliseconds);

export const randomIds: Ids = { uuid: () => randomUUID() };

/** Epoch milliseconds. Workers' clocks differ by at most 2 s (`CLOCK_SKEW_SECONDS`). */
export interface Clock {
  now(): number;
}

/** Resolves after the given number of milliseconds. */
export type Wait = (milliseconds: number) => Promise<void>;

export interface Ids {
  uuid(): string;
}
