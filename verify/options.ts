import { readOptions } from '#cli/command.ts';

/** The options of `npm run verify:deploy`. */
export interface VerifyOptions {
  /** Don't fail on a machine without Python or PyPI. */
  readonly ifPossible: boolean;
}

export const VERIFY_USAGE = `npm run verify:deploy                     deploys to an emulator of AWS, and sends a batch through each way in
npm run verify:deploy -- --if-possible    is no failure on a machine without Python 3.10 or PyPI`;

/**
 * Reads the command line.
 * @throws UsageError saying what is wrong
 */
export function readVerifyOptions(args: readonly string[]): VerifyOptions {
  const values = readOptions(args, { 'if-possible': { type: 'boolean', default: false } });
  return { ifPossible: values['if-possible'] };
}
