import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { COMMON } from './vitest.config.ts';

/** The tests of the rules that `npm run test:mutation` changes, and of nothing else. Those that take longer come later. */
const FILES = [
  'test/lambdas/chunk/transitions.test.ts',
  'test/lambdas/upstream/failures.test.ts',
  'test/lambdas/upstream/rate-limit-headers.test.ts',
  'test/lambdas/upstream/quota.test.ts',
  'test/lambdas/upstream/call-limiter.test.ts',
  'test/lambdas/upstream/metered-calls.test.ts',
  'test/lambdas/upstream/call-stats.test.ts',
  'test/lambdas/upstream/rate-window.test.ts',
  'test/stored-formats/stored-formats.test.ts',
  'test/docs/state-diagram.test.ts',
  'test/lambdas/upstream/ledger.contract.test.ts',
  'test/lambdas/upstream/budget.test.ts',
  'test/lambdas/upstream/budget-in-use.test.ts',
  'test/lambdas/chunk/failure-table.test.ts',
  'test/lambdas/upstream/circuit-breaker.test.ts',
];

/** A change is found by the first test that fails, so the order decides how long it takes. */
class AsListed extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification): number => FILES.findIndex((file) => moduleId.endsWith(file));
    return files.toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

export default defineConfig({
  test: { ...COMMON, include: FILES, isolate: false, maxWorkers: 1, sequence: { sequencer: AsListed } },
});
