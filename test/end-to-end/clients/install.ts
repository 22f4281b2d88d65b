import { join } from 'node:path';
import { readOptions, runCommand } from '#cli/command.ts';
import { type ChildOptions, run } from '#verify/child.ts';
import { findPython, NO_PYTHON, VERSION_CHECK } from '#verify/python.ts';
import { isolatedEnvironment, PROJECT } from '#verify/workplace.ts';
import { PYTHON_FOLDER } from './program.ts';

const SECONDS = 180;

const USAGE = `npm run prepare:clients                     installs the AWS CLI and Python's requests for the end-to-end tests
npm run prepare:clients -- --if-possible    says so, and goes on, where there is no Python or no network`;

await runCommand(USAGE, async (args) => {
  const options = readOptions(args, { 'if-possible': { type: 'boolean', default: false } });
  const fault = await install();
  if (fault === null) return 0;
  console.log(
    `The AWS CLI and Python's requests are not installed; tests that need them are skipped where the machine has none. ${fault}`,
  );
  return options['if-possible'] ? 0 : 1;
});

/** Installs the clients of `requirements.txt` into a virtual environment of the project. Returns why it can't, or null. */
async function install(): Promise<string | null> {
  const options: ChildOptions = { env: isolatedEnvironment(), signal: AbortSignal.timeout(2 * SECONDS * 1000) };
  const python = await findPython((command) => run([command, '-c', VERSION_CHECK], options, 20).catch(() => null));
  if (python === null) return NO_PYTHON;
  const packages = ['--requirement', join(import.meta.dirname, 'requirements.txt')];
  try {
    await run([python, '-m', 'venv', PYTHON_FOLDER], options, SECONDS);
    const pip = [join(PYTHON_FOLDER, 'bin/python'), '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await run([...pip, ...packages], { ...options, cwd: PROJECT }, SECONDS);
    return null;
  } catch (error) {
    return String(error);
  }
}
