/**
 * The upstream is away at 5 connection failures in a row, over all workers, or when half of the last 50 calls were answered 5xx (`design.md`,
 * circuit). A call cut after sending counts half a connection failure: some upstreams reset now and then, and an open circuit costs
 * every row a minute.
 */
export const AWAY = 10;

/** What a failure adds to the count towards `AWAY`, by how far the call got. */
export const POINTS = { no: 2, maybe: 1, answered: 0 } as const;

/** Of so many calls this share answered 5xx says the same. */
export const LAST_CALLS = 50;
export const FAILED_SHARE = 0.5;
