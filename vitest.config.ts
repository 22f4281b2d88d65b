import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.ts';

/** These have a worker each: they start servers, replace what others load, draw inputs or take over the output. */
export const ALONE = [
  'test/{end-to-end,fault-simulation,local}/**/*.test.ts',
  'test/**/*.{api,contract,fuzz,isolated}.test.ts',
];

/** What all tests have. */
export const COMMON = {
  // Tests of what functions log say so themselves, before they load the functions.
  env: { POWERTOOLS_LOG_LEVEL: 'SILENT', POWERTOOLS_METRICS_DISABLED: 'true' },
  testTimeout: 60_000,
  hookTimeout: 120_000,
};

/** All other tests share a worker and what it has loaded: the CDK, zod and the SDK take longer to load than most files of tests take. */
export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line-reporter.ts'],
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { ...COMMON, name: 'alone', include: ALONE, globalSetup: ['./test/assembly-folder.ts'] } },
      {
        test: {
          ...COMMON,
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: ALONE,
          isolate: false,
        },
      },
    ],
  },
});
