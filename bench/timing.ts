/** Runs something so many times, one after the other, and gives the median and the slowest in milliseconds. */
export async function timed(
  times: number,
  act: (time: number) => Promise<unknown>,
): Promise<{ median: number; slowest: number }> {
  const taken: number[] = [];
  for (let time = 0; time < times; time += 1) {
    const startedAt = performance.now();
    await act(time);
    taken.push(performance.now() - startedAt);
  }
  const sorted = taken.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(times / 2)] ?? 0, slowest: sorted.at(-1) ?? 0 };
}
