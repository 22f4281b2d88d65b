import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { Clock, Ids, Wait } from '../core/ports.ts';

export const systemClock: Clock = { now: () => Date.now() };

export const systemWait: Wait = (milliseconds) => setTimeout(milliseconds);

export const randomIds: Ids = { uuid: () => randomUUID() };
