import { defineConfig } from 'vitest/config';
import all from './vitest.config.ts';

/**
 * `npm run test:unit`: what one leaves running while one writes. Tests of the HTTP API and of each store, which start servers, tests of drawn
 * inputs, and the few that need modules of their own are left to `npm test`.
 */
export default defineConfig({
  test: {
    ...all.test,
    include: ['test/lambdas/**/*.test.ts', 'test/world/**/*.test.ts'],
    exclude: ['**/*.{api,contract,fuzz,isolated}.test.ts'],
    globalSetup: [],
    isolate: false,
  },
});
