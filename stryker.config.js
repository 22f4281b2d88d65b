/**
 * `npm run test:mutation` changes the rules that decide, one place at a time, and runs the unit tests that reach it (docs/testing.md, "Mutation
 * testing").
 */
export default {
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutation.config.ts', related: false },
  coverageAnalysis: 'perTest',
  mutate: [
    'lambdas/chunk/transitions.ts',
    'lambdas/upstream/{failures,ledger,ledger-codec,budget,rate-window,rate-limit-headers,circuit-breaker,metered-calls}.ts',
  ],
  // Stryker would rewrite it with TypeScript's own API, which TypeScript 7 doesn't have. Node runs the sources as they are.
  tsconfigFile: 'none',
  ignorePatterns: ['.local', 'cdk.out', 'coverage'],
  tempDirName: '.local/stryker',
  reporters: ['progress', 'clear-text', 'html'],
  clearTextReporter: { logTests: false, reportTests: false },
  htmlReporter: { fileName: '.local/mutation/index.html' },
  concurrency: 2,
};
