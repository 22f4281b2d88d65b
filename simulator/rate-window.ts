/** A limit of calls per fixed window, `windowSeconds` unscaled. */
export type RateLimit = { limit: number; windowSeconds: number };

/** The result of counting one call, and the headers on the client's window. */
export type Counted = { allowed: boolean; headers: Record<string, string> };

type Window = { index: number; calls: number; over: boolean };

/**
 * Counts each client's calls in fixed windows since the epoch, each `windowSeconds` times the time scale long. Stores
 * only each client's current window.
 */
export class RateWindows {
  /** The number of windows, over all clients, with more calls than the limit. */
  windowsOverLimit = 0;
  readonly #timeScale: number;
  readonly #windows = new Map<string, Window>();
  #limit: RateLimit | null = null;

  constructor(timeScale: number) {
    this.#timeScale = timeScale;
  }

  /** Sets the limit from now on. Current counts stay, unless the length of windows changes. */
  setLimit(limit: RateLimit | null): void {
    if (limit?.windowSeconds !== this.#limit?.windowSeconds) {
      this.#windows.clear();
    }
    this.#limit = limit;
  }

  /**
   * Counts a client's call at `now` (epoch milliseconds). Without a limit nothing is counted, and no headers are sent.
   */
  count(clientId: string, now: number): Counted {
    if (this.#limit === null) {
      return { allowed: true, headers: {} };
    }
    const { limit, windowSeconds } = this.#limit;
    const length = windowSeconds * 1000 * this.#timeScale;
    const window = this.#windowOf(clientId, Math.floor(now / length));
    window.calls += 1;
    const allowed = window.calls <= limit;
    if (!allowed) {
      this.windowsOverLimit += window.over ? 0 : 1;
      window.over = true;
    }
    return {
      allowed,
      headers: {
        'X-RateLimit-Limit': String(limit),
        'X-RateLimit-Remaining': String(Math.max(0, limit - window.calls)),
        // Rounded up to a millisecond: a client that waits until then must not come too early.
        'X-RateLimit-Reset': String(Math.ceil((window.index + 1) * length) / 1000),
      },
    };
  }

  /** Drops counts and clients, but not the limit. */
  reset(): void {
    this.#windows.clear();
    this.windowsOverLimit = 0;
  }

  #windowOf(clientId: string, index: number): Window {
    const present = this.#windows.get(clientId);
    if (present?.index === index) {
      return present;
    }
    const next = { index, calls: 0, over: false };
    this.#windows.set(clientId, next);
    return next;
  }
}
