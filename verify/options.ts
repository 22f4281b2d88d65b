import { parseArgs } from 'node:util';

/** The options of `npm run verify:deploy`. */
export interface VerifyOptions {
  /** Don't fail on a machine without Python or PyPI. */
  readonly ifPossible: boolean;
}

const USAGE = 'npm run verify:deploy [-- --if-possible]';

/**
 * Reads the command line.
 * @throws Error saying what is wrong, with the usage
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
