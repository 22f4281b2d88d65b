/** What the peer's stack and its run on the virtual clock have in common. */
export const ROW_SETTINGS = {
  /** Seconds to the first poll; each wait after it is twice the last (seeds, "Polling Strategy"). */
  pollFirst: 5,
  /** Seconds after which polling ends. */
  pollDeadline: 300,
  /** The task's retry for a call that is answered 429: full jitter below 5, 10, 20, 40, 60, 60 … s. */
  retryFirst: 5,
  retryLongest: 60,
  memoryMegabytes: 256,
} as const;
