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
type Window = { number: number; endsAt: number; calls: number };

/** A window with more calls than the limit, and when the first of them came, in epoch milliseconds. */
export type WindowOverLimit = { number: number; at: number };

/** Counts each client's calls in windows. Stores only each client's current one. */
export class RateWindows {
  /** Over all clients. */
  readonly overLimit: WindowOverLimit[] = [];
  readonly #timeScale: number;
  readonly #windows = new Map<string, Window>();
  #limit: RateLimit | null = null;

  constructor(timeScale: number) {
    this.#timeScale = timeScale;
  }

  /** Sets the limit from now on. Current counts stay, unless the length of windows changes. */
  setLimit(limit: RateLimit | null): void {
    if (limit?.windowSeconds !== this.#limit?.windowSeconds) this.#windows.clear();
    this.#limit = limit;
  }

  /** Counts a client's call at `now` (epoch milliseconds); null without a limit. */
  count(clientId: string, endpoint: Endpoint, now: number): Counted | null {
    if (this.#limit === null) return null;
    const limit = this.#limit.limits?.[endpoint] ?? this.#limit.limit;
    const window = this.#windowOf(JSON.stringify([clientId, this.#limit.byEndpoint ? endpoint : null]), now);
    window.calls += 1;
    if (window.calls === limit + 1) this.overLimit.push({ number: window.number, at: now });
    return {
      allowed: window.calls <= limit,
      limit,
      remaining: Math.max(0, limit - window.calls),
      resetAt: window.endsAt,
    };
  }

  /** Drops counts and clients, but not the limit. */
  reset(): void {
    this.#windows.clear();
    this.overLimit.length = 0;
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
