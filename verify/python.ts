/** The oldest version for the emulator (its package says `Requires-Python: >=3.10`). */
const OLDEST = { major: 3, minor: 10 };

const CANDIDATES = ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];

/** Prints the version. Fails without virtual environments, which Debian packages separately. */
export const VERSION_CHECK = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])';

/** Runs `VERSION_CHECK` with a command and returns its output; null when the command doesn't exist or fails. */
export type CheckPython = (command: string) => Promise<string | null>;

/** The first Python that can run the emulator and create virtual environments; null when none is found. */
export async function findPython(
  check: CheckPython,
  candidates: readonly string[] = CANDIDATES,
): Promise<string | null> {
  for (const command of candidates) {
    if (isNewEnough((await check(command)) ?? '')) return command;
  }
  return null;
}

export const NO_PYTHON = 'Python 3.10 or newer with venv not found (on Debian: apt-get install python3-venv).';

function isNewEnough(printed: string): boolean {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)$/.exec(printed.trim()) ?? [];
  return Number(major) > OLDEST.major || (Number(major) === OLDEST.major && Number(minor) >= OLDEST.minor);
}
