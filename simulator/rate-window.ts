import { z } from 'zod';
import { Keeper, type One } from './keeper.ts';

/** What may have limits of its own. */
export const ENDPOINTS = ['request', 'status', 'balance'] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

/** A limit of calls per window, `windowSeconds` unscaled. */
export type RateLimit = {
  limit: number;
  windowSeconds: number;
  /** When windows begin: one after the other from the epoch on (the default), or with the first call after the last one's end. */
  begins?: 'epoch' | 'first-call' | undefined;
  /** By how much those from the epoch on are shifted, unscaled. */
  shiftSeconds?: number | undefined;
  /** Whether each endpoint has windows of its own. */
  byEndpoint?: boolean | undefined;
  /** The limits of endpoints that have another one. */
  limits?: Partial<Record<Endpoint, number>> | undefined;
  /** The share of answers that have headers; all by default. */
  headersRatio?: number | undefined;
};

/** The result of counting one call. `resetAt` is epoch milliseconds. */
export type Counted = { allowed: boolean; limit: number; remaining: number; resetAt: number };

/** Its number among the windows of its client and endpoint, from 1, and how many calls it has had. */
const windowSchema = z.object({ number: z.number(), endsAt: z.number(), calls: z.number() });
type Window = z.infer<typeof windowSchema>;

/** A window with more calls than the limit, and when the first of them came, in epoch milliseconds. */
const overLimitSchema = z.object({ number: z.number(), at: z.number() });
export type WindowOverLimit = z.infer<typeof overLimitSchema>;

/** Counts each client's calls in windows. Stores only each client's current one. */
export class RateWindows {
  readonly #timeScale: number;
  readonly #keeper: Keeper;
  readonly #windows: Map<string, Window>;
  readonly #overLimit: One<WindowOverLimit[]>;
  #limit: RateLimit | null;

  constructor(timeScale: number, limit: RateLimit | null = null, keeper = new Keeper()) {
    this.#timeScale = timeScale;
    this.#limit = limit;
    this.#keeper = keeper;
    this.#windows = keeper.map('rate window', windowSchema);
    this.#overLimit = keeper.one('windows over limit', z.array(overLimitSchema), []);
  }

  /** Over all clients. */
  get overLimit(): readonly WindowOverLimit[] {
    return this.#overLimit.value;
  }

  /** Sets the limit from now on. Current counts stay, unless the length of windows changes. */
  setLimit(limit: RateLimit | null): void {
    if (limit?.windowSeconds !== this.#limit?.windowSeconds) this.#keeper.clear(this.#windows);
    this.#limit = limit;
  }

  /** Counts a client's call at `now` (epoch milliseconds); null without a limit. */
  count(clientId: string, endpoint: Endpoint, now: number): Counted | null {
    if (this.#limit === null) return null;
    const limit = this.#limit.limits?.[endpoint] ?? this.#limit.limit;
    const key = JSON.stringify([clientId, this.#limit.byEndpoint ? endpoint : null]);
    const window = this.#windowOf(key, now);
    window.calls += 1;
    this.#keeper.changed(this.#windows, key);
    if (window.calls === limit + 1) {
      this.#overLimit.value.push({ number: window.number, at: now });
      this.#overLimit.changed();
    }
    return {
      allowed: window.calls <= limit,
      limit,
      remaining: Math.max(0, limit - window.calls),
      resetAt: window.endsAt,
    };
  }

  /** Drops counts and clients, but not the limit. */
  reset(): void {
    this.#keeper.clear(this.#windows);
    this.#overLimit.value.length = 0;
    this.#overLimit.changed();
  }

  #windowOf(key: string, now: number): Window {
    const present = this.#windows.get(key);
    if (present && now < present.endsAt) return present;
    const next = { endsAt: this.#endOfWindowAt(now), calls: 0, number: (present?.number ?? 0) + 1 };
    this.#windows.set(key, next);
    return next;
  }

  #endOfWindowAt(now: number): number {
    const { windowSeconds = 0, begins = 'epoch', shiftSeconds = 0 } = this.#limit ?? {};
    const length = windowSeconds * 1000 * this.#timeScale;
    if (begins === 'first-call') return now + length;
    const shift = shiftSeconds * 1000 * this.#timeScale;
    return (Math.floor((now - shift) / length) + 1) * length + shift;
  }
}

/** The headers on a client's window. */
export const rateLimitHeaders = ({ limit, remaining, resetAt }: Counted): Record<string, string> => ({
  'X-RateLimit-Limit': String(limit),
  'X-RateLimit-Remaining': String(remaining),
  // Rounded up to a millisecond: a client that waits until then must not come too early.
  'X-RateLimit-Reset': String(Math.ceil(resetAt) / 1000),
});
