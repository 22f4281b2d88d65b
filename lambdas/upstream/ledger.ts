import type { Settings } from '../platform/settings.ts';

/** What an organisation's calls have used and reserved of the upstream's fixed rate windows. Times are epoch milliseconds. */
export interface Ledger {
  /** How often the windows or the limit turned out to be others. Reservations of an earlier epoch are void. */
  readonly epoch: number;
  /** Some time at which a window begins; the others follow from it. */
  readonly anchor: number;
  readonly length: number;
  readonly limit: number;
  /** Tokens taken, by the beginning of the window. */
  readonly used: ReadonlyMap<number, number>;
  /** No call before this time: a 429 was answered, or the windows have moved. */
  readonly blockedUntil: number;
  /** The circuit is open, and one call may try it at this time; null when it is closed. */
  readonly circuitOpenUntil: number | null;
  /** Weight of the failures to reach the upstream since its last answer, over all workers (`circuit-breaker.ts`). */
  readonly failures: number;
}

/** A ledger as it is stored: what the upstream hasn't taught is null, and follows the settings. */
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

/** Fills in what the settings say. */
export const ledgerOf = (
  { anchor, length, limit, ...stored }: StoredLedger,
  { upstream }: Pick<Settings, 'upstream'>,
): Ledger => ({
  ...stored,
  anchor: anchor ?? 0,
  length: length ?? upstream.window,
  limit: limit ?? upstream.limit,
});

/** Every way in which a ledger can change. Each is one conditional write; what its condition is stands in `applyChange`. */
export type LedgerChange =
  /** Takes tokens in each window of `capacities`, which says how many the window may then hold, and forgets windows gone by. */
  | {
      readonly kind: 'take';
      readonly tokens: number;
      readonly capacities: ReadonlyMap<number, number>;
      readonly gone: readonly number[];
      readonly epoch: number;
      readonly blockedUntil: number;
    }
  /** Gives back tokens that were not used. */
  | { readonly kind: 'release'; readonly window: number; readonly tokens: number; readonly epoch: number }
  /** Others have called with the same credentials: so many calls are gone in this window. */
  | { readonly kind: 'count-others'; readonly window: number; readonly tokens: number }
  | { readonly kind: 'raise-limit'; readonly limit: number; readonly epoch: number }
  /** The windows, or a lower limit, are others than was believed: what was reserved by the old ones is void. */
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
  /** Claims the one call that may try an open circuit: the next may at `until`. */
  | { readonly kind: 'half-open-circuit'; readonly seen: number; readonly until: number }
  | { readonly kind: 'close-circuit' }
  /** Adds to the failures; with `afterAnswer` there was an answer before them, so that the count starts anew. */
  | { readonly kind: 'count-failures'; readonly weight: number; readonly afterAnswer: boolean };

/**
 * The ledger of each organisation. A store holds no policy: it reads, and applies one change under the change's condition.
 * `budget.ts` and `circuit-breaker.ts` decide.
 */
export interface LedgerStore {
  /** Strongly consistent. */
  read(organisationId: string): Promise<Ledger>;
  /** The ledger as the change left it; null when its condition did not hold. */
  apply(organisationId: string, change: LedgerChange): Promise<Ledger | null>;
}

/** What a change makes of a ledger; null when its condition does not hold. Every store behaves as this function does. */
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
