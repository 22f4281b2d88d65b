import { Session } from 'node:inspector/promises';

/**
 * How often blocks of code ran in the files whose address holds one of `of`, for each of the runs: a measure of work
 * that doesn't depend on the machine, nor on how busy it is. V8 counts it (Chrome DevTools Protocol,
 * "Profiler.startPreciseCoverage"), give or take a few per cent, since it merges blocks that ran equally often.
 */
export async function workOf(of: readonly string[], runs: readonly (() => void)[]): Promise<number[]> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    // V8 compiles anew, with counters, what it has compiled before. Taking the counts starts them from 0.
    for (const run of runs) run();
    await session.post('Profiler.takePreciseCoverage');
    const counts: number[] = [];
    for (const run of runs) {
      run();
      const { result } = await session.post('Profiler.takePreciseCoverage');
      const ranges = result
        .filter(({ url }) => of.some((part) => url.includes(part)))
        .flatMap(({ functions }) => functions.flatMap((each) => each.ranges));
      counts.push(ranges.reduce((sum, { count }) => sum + count, 0));
    }
    return counts;
  } finally {
    session.disconnect();
  }
}
