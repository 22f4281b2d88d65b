/** What an organisation's calls have used and reserved of the upstream's fixed rate windows. Times are epoch milliseconds. */
export interface Ledger {
  /** Some time at which a window begins; the others follow from it. */
  readonly anchor: number;
  readonly length: number;
  readonly limit: number;
  /** Tokens taken, by the beginning of the window. */
  readonly used: ReadonlyMap<number, number>;
  /** No call before this time: a 429 was answered, or the windows have moved. */
  readonly blockedUntil: number;
  /** The circuit is open, and is tried again at this time; null when it is closed. */
  readonly circuitOpenUntil: number | null;
}

/** Of each window this share is never taken by chunks (`design.md`, promise 4). */
const HELD_BACK = 0.03;
/** Windows to come are filled up to this share; the rest is for small batches and for clients' status calls. */
const AHEAD = 0.9;
/** From this share on a window counts as used up, and what can wait does (promise 5). */
const TIGHT = 0.8;
/** Fewer tokens than this are not worth an advance of their own, unless fewer are wanted. */
const LEAST_GRANT = 25;
/** Windows looked at ahead: a day of them at 60 s. */
const FARTHEST = 1440;

export const windowAt = ({ anchor, length }: Ledger, at: number): number =>
  Math.round(anchor + Math.floor((at - anchor) / length) * length);

const windowAfter = (ledger: Ledger, start: number, windows: number): number =>
  windowAt(ledger, start + (windows + 0.5) * ledger.length);

export interface WindowOffer {
  readonly startsAt: number;
  readonly endsAt: number;
  readonly tokens: number;
  readonly tight: boolean;
}

/**
 * The first window with room, and how much of what is wanted it can give.
 * @param calls tokens wanted, at least 1
 * @param lead time before the end of the current window in which no call starts any more
 */
export function offerWindow(ledger: Ledger, calls: number, now: number, lead: number): WindowOffer {
  const earliest = Math.max(now + lead, ledger.blockedUntil);
  const current = windowAt(ledger, now);
  const first = windowAt(ledger, earliest);
  for (let ahead = 0; ahead < FARTHEST; ahead += 1) {
    const startsAt = windowAfter(ledger, first, ahead);
    const room = roomIn(ledger, startsAt, startsAt > current);
    const tokens = Math.min(calls, room);
    if (tokens < 1 || tokens < Math.min(calls, LEAST_GRANT)) continue;
    return offerOf(ledger, startsAt, tokens);
  }
  throw new RangeError(`no window of the upstream has room within ${FARTHEST} windows`);
}

/** Tokens that a window may hold in all for one more reservation to be made in it. */
export const capacityOf = ({ limit }: Ledger, isAhead: boolean): number =>
  Math.max(1, Math.floor(limit * (isAhead ? AHEAD : 1 - HELD_BACK)));

const usedIn = ({ used }: Ledger, start: number): number => used.get(start) ?? 0;

const roomIn = (ledger: Ledger, start: number, isAhead: boolean): number =>
  capacityOf(ledger, isAhead) - usedIn(ledger, start);

function offerOf(ledger: Ledger, startsAt: number, tokens: number): WindowOffer {
  const before = usedIn(ledger, windowAfter(ledger, startsAt, -1));
  const within = usedIn(ledger, startsAt) + tokens;
  return {
    startsAt,
    endsAt: windowAfter(ledger, startsAt, 1),
    tokens,
    tight: Math.max(before, within) >= ledger.limit * TIGHT,
  };
}

/** Whether a window still is one of the ledger's: its beginning moves when the upstream's headers say so. */
export const isAligned = (ledger: Ledger, start: number): boolean =>
  windowAt(ledger, start + ledger.length / 2) === start;

/** How far a reset time that the upstream named is from the nearest window boundary, in milliseconds. */
export function driftOf({ anchor, length }: Ledger, resetAt: number): number {
  const off = (((resetAt - anchor) % length) + length) % length;
  return Math.min(off, length - off);
}
