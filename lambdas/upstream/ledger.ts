import type { Settings } from '../platform/settings.ts';

/** What the upstream may limit each by itself. */
export const ENDPOINTS = ['request', 'status', 'balance'] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

/**
 * What an organisation has taken of the upstream's rate windows, and its circuit. Times are epoch milliseconds. Windows
 * have numbers, since the upstream decides when they begin and end (`rate-window.ts`).
 */
export interface Ledger {
  /** Counts how often the limit became lower. Reservations of an earlier epoch are void. */
  readonly epoch: number;
  /** A window and its end; all others follow from it. */
  readonly anchor: Anchor;
  /** The expected length of windows. */
  readonly length: number;
  /** Calls per window, by endpoint, as the headers have told it. */
  readonly limits: ReadonlyMap<Endpoint, number>;
  /** Calls per window: the lowest limit that was told, or the setting. */
  readonly limit: number;
  /** Tokens taken by our workers, by window. */
  readonly taken: ReadonlyMap<number, number>;
  /** Calls that somebody else made with the same credentials, at least, by window. */
  readonly otherCalls: ReadonlyMap<number, number>;
  /** No calls before this time: the upstream answered 429. */
  readonly blockedUntil: number;
  /** When one call may try the open circuit; null when the circuit is closed. */
  readonly circuitOpenUntil: number | null;
  /** The write that opened the circuit or took its half-open call, while nobody has changed it since. */
  readonly circuitBy: string | null;
  /** Weight of the failures to reach the upstream since its last answer, over all workers. */
  readonly failures: number;
}

export interface Anchor {
  readonly window: number;
  readonly endsAt: number;
  /** The upstream named this end in a header. Otherwise windows are counted from the epoch, as the settings say. */
  readonly isTold: boolean;
}

/** A stored ledger. What is null follows the settings until the upstream's headers say otherwise. */
export type StoredLedger = Omit<Ledger, 'anchor' | 'length' | 'limit'> & {
  readonly anchor: Omit<Anchor, 'isTold'> | null;
  readonly length: number | null;
};

/** The ledger of an organisation that has never called. */
export const NEW_LEDGER: StoredLedger = {
  epoch: 0,
  anchor: null,
  length: null,
  limits: new Map(),
  taken: new Map(),
  otherCalls: new Map(),
  blockedUntil: 0,
  circuitOpenUntil: null,
  circuitBy: null,
  failures: 0,
};

/** Replaces nulls by the settings. */
export const ledgerOf = (
  { anchor, length, ...stored }: StoredLedger,
  { upstream }: Pick<Settings, 'upstream'>,
): Ledger => ({
  ...stored,
  anchor: anchor ? { ...anchor, isTold: true } : { window: 0, endsAt: upstream.window, isTold: false },
  length: length ?? upstream.window,
  limit: stored.limits.size > 0 ? Math.min(...stored.limits.values()) : upstream.limit,
});

/** Every way in which a ledger can change. Each is one conditional write; `applyChange` says on what condition. */
export type LedgerChange =
  /** Takes tokens in each window of `room`, while windows are as `seen`, and drops windows that have passed. */
  | {
      readonly kind: 'take';
      readonly tokens: number;
      readonly room: ReadonlyMap<number, Room>;
      readonly gone: readonly number[];
      readonly seen: Anchor;
      readonly epoch: number;
      readonly blockedUntil: number;
    }
  /** Releases unused tokens. */
  | { readonly kind: 'release'; readonly window: number; readonly tokens: number; readonly epoch: number }
  /** Somebody else uses the same credentials: at least this many calls of the window, 1 or more, are theirs. */
  | { readonly kind: 'count-others'; readonly window: number; readonly calls: number }
  /** The upstream has named the end of a window. */
  | {
      readonly kind: 'tell-end';
      readonly window: number;
      readonly endsAt: number;
      readonly length: number;
      readonly seen: Anchor;
    }
  /** The upstream has named an endpoint's limit. */
  | { readonly kind: 'tell-limit'; readonly endpoint: Endpoint; readonly limit: number; readonly epoch: number }
  /** The same where the lowest limit becomes lower: older reservations are void. What is taken of the present window still counts. */
  | {
      readonly kind: 'lower-limit';
      readonly endpoint: Endpoint;
      readonly limit: number;
      readonly epoch: number;
      readonly window: number;
      readonly taken: number;
    }
  | { readonly kind: 'block'; readonly until: number }
  /** Opens a closed circuit. The SDK repeats it when its answer was lost: `by` lets it know its own. */
  | { readonly kind: 'open-circuit'; readonly until: number; readonly by: string }
  /** Keeps an open circuit open for longer. */
  | { readonly kind: 'extend-circuit'; readonly until: number }
  /** Takes the one half-open call, and its token in the present window; the next one may follow at `until`. */
  | {
      readonly kind: 'half-open-circuit';
      readonly seen: number;
      readonly until: number;
      readonly window: number;
      readonly by: string;
    }
  /** Closes a circuit, unless it is open for longer than `until`: a repeat that comes late closes none that has opened since. */
  | { readonly kind: 'close-circuit'; readonly until: number }
  /** Adds failures; after an answer the count starts over. */
  | { readonly kind: 'count-failures'; readonly weight: number; readonly afterAnswer: boolean };

/** How many tokens of a window may be taken in all, while no more than `others` calls are somebody else's. */
export interface Room {
  readonly capacity: number;
  readonly others: number;
}

/**
 * The ledger of each organisation. A store has no policy: it reads, and applies one change on the change's condition.
 * `budget.ts` and `circuit-breaker.ts` decide.
 */
export interface LedgerStore {
  /** Strongly consistent. */
  read(organisationId: string): Promise<Ledger>;
  /** The changed ledger; null when the change's condition didn't hold. */
  apply(organisationId: string, change: LedgerChange): Promise<Ledger | null>;
  /** A name for a write, which no other has. */
  newWriteId(): string;
}

/** Applies a change to a ledger; null when its condition doesn't hold. Every store behaves like this function. */
export function applyChange(ledger: StoredLedger, change: LedgerChange): StoredLedger | null {
  const { taken, otherCalls, epoch, blockedUntil, circuitOpenUntil, circuitBy } = ledger;
  const takenOf = (window: number): number => taken.get(window) ?? 0;
  const withTaken = (window: number, tokens: number): StoredLedger => ({
    ...ledger,
    taken: new Map([...taken, [window, tokens]]),
  });
  const isAt = (seen: Anchor): boolean =>
    ledger.anchor === null
      ? !seen.isTold
      : seen.isTold && ledger.anchor.window === seen.window && ledger.anchor.endsAt === seen.endsAt;
  const withLimit = ({ endpoint, limit }: { readonly endpoint: Endpoint; readonly limit: number }): StoredLedger => ({
    ...ledger,
    limits: new Map([...ledger.limits, [endpoint, limit]]),
  });
  switch (change.kind) {
    case 'take': {
      const hasRoom = [...change.room].every(
        ([window, room]) =>
          (!taken.has(window) || takenOf(window) + change.tokens <= room.capacity) &&
          (otherCalls.get(window) ?? 0) <= room.others,
      );
      const isAsSeen = epoch === change.epoch && blockedUntil === change.blockedUntil && isAt(change.seen);
      if (!hasRoom || !isAsSeen) return null;
      const added = [...change.room.keys()].map((window) => [window, takenOf(window) + change.tokens] as const);
      const isKept = ([window]: readonly [number, number]): boolean => !change.gone.includes(window);
      return {
        ...ledger,
        taken: new Map([...[...taken].filter(isKept), ...added]),
        otherCalls: new Map([...otherCalls].filter(isKept)),
      };
    }
    case 'release':
      return taken.has(change.window) && takenOf(change.window) >= change.tokens && epoch === change.epoch
        ? withTaken(change.window, takenOf(change.window) - change.tokens)
        : null;
    case 'count-others':
      return (otherCalls.get(change.window) ?? 0) < change.calls
        ? { ...ledger, otherCalls: new Map([...otherCalls, [change.window, change.calls]]) }
        : null;
    case 'tell-end': {
      const { window, endsAt, length, seen } = change;
      return isAt(seen) ? { ...ledger, anchor: { window, endsAt }, length } : null;
    }
    case 'tell-limit':
      return epoch === change.epoch ? withLimit(change) : null;
    case 'lower-limit':
      return epoch === change.epoch && takenOf(change.window) === change.taken
        ? { ...withLimit(change), epoch: epoch + 1, taken: new Map([[change.window, change.taken]]) }
        : null;
    case 'block':
      return blockedUntil < change.until ? { ...ledger, blockedUntil: change.until } : null;
    case 'open-circuit':
      return circuitOpenUntil === null || circuitBy === change.by
        ? { ...ledger, circuitOpenUntil: change.until, circuitBy: change.by, failures: 0 }
        : null;
    case 'extend-circuit':
      return circuitOpenUntil !== null && circuitOpenUntil < change.until
        ? { ...ledger, circuitOpenUntil: change.until, circuitBy: null }
        : null;
    case 'half-open-circuit':
      return circuitOpenUntil === change.seen || circuitBy === change.by
        ? {
            ...withTaken(change.window, takenOf(change.window) + 1),
            circuitOpenUntil: change.until,
            circuitBy: change.by,
          }
        : null;
    case 'close-circuit':
      return circuitOpenUntil !== null && circuitOpenUntil <= change.until
        ? { ...ledger, circuitOpenUntil: null, circuitBy: null }
        : null;
    case 'count-failures':
      return { ...ledger, failures: (change.afterAnswer ? 0 : ledger.failures) + change.weight };
  }
}
