import type { Settings } from '../platform/settings.ts';

/**
 * What an organisation has used and reserved of the upstream's rate windows, and its circuit. Times are epoch
 * milliseconds.
 */
export interface Ledger {
  /** Counts how often windows or limit turned out to be different. Reservations of an earlier epoch are void. */
  readonly epoch: number;
  /** The start of some window; all others follow from it. */
  readonly anchor: number;
  readonly length: number;
  readonly limit: number;
  /** Tokens taken, by start of the window. */
  readonly used: ReadonlyMap<number, number>;
  /** No calls before this time: the upstream answered 429, or its windows have moved. */
  readonly blockedUntil: number;
  /** When one call may try the open circuit; null when the circuit is closed. */
  readonly circuitOpenUntil: number | null;
  /** Weight of the failures to reach the upstream since its last answer, over all workers. */
  readonly failures: number;
}

/** A stored ledger. What is null follows the settings until the upstream's headers say otherwise. */
export type StoredLedger = Omit<Ledger, 'anchor' | 'length' | 'limit'> & {
  readonly anchor: number | null;
  readonly length: number | null;
  readonly limit: number | null;
};

/** The ledger of an organisation that has never called. */
export const NEW_LEDGER: StoredLedger = {
  epoch: 0,
  anchor: null,
  length: null,
  limit: null,
  used: new Map(),
  blockedUntil: 0,
  circuitOpenUntil: null,
  failures: 0,
};

/** Replaces nulls by the settings. */
export const ledgerOf = (
  { anchor, length, limit, ...stored }: StoredLedger,
  { upstream }: Pick<Settings, 'upstream'>,
): Ledger => ({
  ...stored,
  anchor: anchor ?? 0,
  length: length ?? upstream.window,
  limit: limit ?? upstream.limit,
});

/** Every way in which a ledger can change. Each is one conditional write; `applyChange` says on what condition. */
export type LedgerChange =
  /** Takes tokens in each window of `capacities`, up to its capacity, and drops windows that have passed. */
  | {
      readonly kind: 'take';
      readonly tokens: number;
      readonly capacities: ReadonlyMap<number, number>;
      readonly gone: readonly number[];
      readonly epoch: number;
      readonly blockedUntil: number;
    }
  /** Releases unused tokens. */
  | { readonly kind: 'release'; readonly window: number; readonly tokens: number; readonly epoch: number }
  /** Somebody else uses the same credentials: this many calls of the window are used. */
  | { readonly kind: 'count-others'; readonly window: number; readonly tokens: number }
  | { readonly kind: 'raise-limit'; readonly limit: number; readonly epoch: number }
  /** The windows are different, or the limit is lower: older reservations are void. */
  | {
      readonly kind: 'new-epoch';
      readonly epoch: number;
      readonly anchor: number;
      readonly length: number;
      readonly limit: number;
      readonly blockedUntil: number;
    }
  | { readonly kind: 'block'; readonly until: number }
  /** Opens a closed circuit. */
  | { readonly kind: 'open-circuit'; readonly until: number }
  /** Keeps an open circuit open for longer. */
  | { readonly kind: 'extend-circuit'; readonly until: number }
  /** Takes the one half-open call; the next one may follow at `until`. */
  | { readonly kind: 'half-open-circuit'; readonly seen: number; readonly until: number }
  | { readonly kind: 'close-circuit' }
  /** Adds failures; after an answer the count starts over. */
  | { readonly kind: 'count-failures'; readonly weight: number; readonly afterAnswer: boolean };

/**
 * The ledger of each organisation. A store has no policy: it reads, and applies one change on the change's condition.
 * `budget.ts` and `circuit-breaker.ts` decide.
 */
export interface LedgerStore {
  /** Strongly consistent. */
  read(organisationId: string): Promise<Ledger>;
  /** The changed ledger; null when the change's condition didn't hold. */
  apply(organisationId: string, change: LedgerChange): Promise<Ledger | null>;
}

/** Applies a change to a ledger; null when its condition doesn't hold. Every store behaves like this function. */
export function applyChange(ledger: StoredLedger, change: LedgerChange): StoredLedger | null {
  const { used, epoch, blockedUntil, circuitOpenUntil } = ledger;
  const withUsed = (entries: Iterable<readonly [number, number]>): StoredLedger => ({
    ...ledger,
    used: new Map([...used, ...entries]),
  });
  switch (change.kind) {
    case 'take': {
      const taken = [...change.capacities.keys()].map(
        (window) => [window, (used.get(window) ?? 0) + change.tokens] as const,
      );
      const hasRoom = taken.every(
        ([window, tokens]) => !used.has(window) || tokens <= (change.capacities.get(window) ?? 0),
      );
      if (!hasRoom || epoch !== change.epoch || blockedUntil !== change.blockedUntil) return null;
      const kept = [...used].filter(([window]) => !change.gone.includes(window));
      return { ...ledger, used: new Map([...kept, ...taken]) };
    }
    case 'release': {
      const tokens = used.get(change.window);
      if (tokens === undefined || tokens < change.tokens || epoch !== change.epoch) return null;
      return withUsed([[change.window, tokens - change.tokens]]);
    }
    case 'count-others': {
      const tokens = used.get(change.window);
      return tokens === undefined || tokens >= change.tokens ? null : withUsed([[change.window, change.tokens]]);
    }
    case 'raise-limit':
      return epoch === change.epoch ? { ...ledger, limit: change.limit } : null;
    case 'new-epoch': {
      if (epoch !== change.epoch) return null;
      const { anchor, length, limit } = change;
      return {
        ...ledger,
        epoch: epoch + 1,
        anchor,
        length,
        limit,
        used: new Map(),
        blockedUntil: change.blockedUntil,
      };
    }
    case 'block':
      return blockedUntil < change.until ? { ...ledger, blockedUntil: change.until } : null;
    case 'open-circuit':
      return circuitOpenUntil === null ? { ...ledger, circuitOpenUntil: change.until, failures: 0 } : null;
    case 'extend-circuit':
      return circuitOpenUntil !== null && circuitOpenUntil < change.until
        ? { ...ledger, circuitOpenUntil: change.until }
        : null;
    case 'half-open-circuit':
      return circuitOpenUntil === change.seen ? { ...ledger, circuitOpenUntil: change.until } : null;
    case 'close-circuit':
      return { ...ledger, circuitOpenUntil: null };
    case 'count-failures':
      return { ...ledger, failures: (change.afterAnswer ? 0 : ledger.failures) + change.weight };
  }
}
