/** When every world begins: a whole minute, so that rate windows and ticks begin with it. */
export const START = Date.UTC(2026, 10, 20, 10, 0, 0);
