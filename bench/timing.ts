export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

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
  return { median: median(taken), slowest: Math.max(...taken) };
}
