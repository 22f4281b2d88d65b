import { runCommand } from '#cli/command.ts';
import { run } from './child.ts';
import { NotInstallableError } from './ministack.ts';
import { readVerifyOptions, VERIFY_USAGE } from './options.ts';
import { findPython, NO_PYTHON, VERSION_CHECK } from './python.ts';
import { verifyDeployment } from './verify-deployment.ts';
import { isolatedEnvironment } from './workplace.ts';

const CHECK_SECONDS = 20;

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => stopping.abort(new Error(`stopped by ${signal}`)));
}

await runCommand(VERIFY_USAGE, main);

/** Returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const { ifPossible } = readVerifyOptions(args);
  const options = { env: isolatedEnvironment(), signal: stopping.signal };
  const python = await findPython((command) =>
    run([command, '-c', VERSION_CHECK], options, CHECK_SECONDS).catch(() => null),
  );
  if (python === null) {
    console.log(ifPossible ? `Deployment not verified: ${NO_PYTHON}` : NO_PYTHON);
    return ifPossible ? 0 : 1;
  }
  try {
    await verifyDeployment(python, stopping.signal);
  } catch (error) {
    if (!(ifPossible && error instanceof NotInstallableError)) throw error;
    console.log(`\nDeployment not verified: ${error.message}: ${String(error.cause)}`);
  }
  return 0;
}
