/** The oldest that the emulator runs on (its package says `Requires-Python: >=3.10`). */
const OLDEST = { major: 3, minor: 10 };

const CANDIDATES = ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];

/** Prints the version, and fails where virtual environments cannot be made: Debian has these in a package of its own. */
export const PROBE = 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])';

/** What a command prints for `PROBE`; null when there is no such command, or it fails. */
export type ProbePython = (command: string) => Promise<string | null>;

/** The first Python here that the emulator runs on and that can make virtual environments; null when there is none. */
export async function findPython(
  reconcile: ProbePython,
  candidates: readonly string[] = CANDIDATES,
): Promise<string | null> {
  for (const command of candidates) {
    if (isNewEnough((await reconcile(command)) ?? '')) return command;
  }
  return null;
}

export const NO_PYTHON =
  'There is no Python 3.10 or newer here that can make virtual environments (on Debian: apt-get install python3-venv).';

function isNewEnough(printed: string): boolean {
  const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)$/.exec(printed.trim()) ?? [];
  return Number(major) > OLDEST.major || (Number(major) === OLDEST.major && Number(minor) >= OLDEST.minor);
}
