import { parseArgs } from 'node:util';

/** How `npm run verify:deploy` is to go. */
export interface VerifyOptions {
  /** A machine without the Python that it takes is no failure. */
  readonly ifPossible: boolean;
}

const USAGE = 'npm run verify:deploy [-- --if-possible]';

/**
 * Reads the command line.
 * @throws Error saying what is not possible, and how the command is called
 */
export function readVerifyOptions(args: readonly string[]): VerifyOptions {
  try {
    const { values } = parseArgs({ args: [...args], options: { 'if-possible': { type: 'boolean', default: false } } });
    return { ifPossible: values['if-possible'] };
  } catch (error) {
    const [fault] = String(error instanceof Error ? error.message : error).split('\n');
    throw new Error(`${fault}\n${USAGE}`);
  }
}
