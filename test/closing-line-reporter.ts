import type { Reporter, TestModule } from 'vitest/node';

/**
 * Closes the run with `N passed, N failed`, the line that a person and CI look for; a file that could not be run counts as failed. Before it
 * stands each test that this machine could not run, with what it lacks: such a test isn't one that passed.
 */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    let skipped = '';
    for (const module of modules) {
      failed += module.errors().length;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed += 1;
        if (result.state === 'failed') failed += 1;
        if (result.state === 'skipped' && result.note) skipped += `SKIPPED ${test.fullName}: ${result.note}\n`;
      }
    }
    process.on('exit', () => process.stdout.write(`${skipped}${passed} passed, ${failed} failed\n`));
  }
}
