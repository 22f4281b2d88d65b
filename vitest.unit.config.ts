import { defineConfig } from 'vitest/config';
import { ALONE, COMMON } from './vitest.config.ts';

/**
 * `npm run test:unit`: what one leaves running while one writes. Tests of the HTTP API and of each store, which start servers, tests of drawn
 * inputs, and the few that need modules of their own are left to `npm test`.
 */
export default defineConfig({
  test: {
    ...COMMON,
    include: ['test/lambdas/**/*.test.ts', 'test/world/**/*.test.ts'],
    exclude: ALONE,
    isolate: false,
    reporters: ['default', './test/closing-line-reporter.ts'],
    maxWorkers: 2,
  },
});
