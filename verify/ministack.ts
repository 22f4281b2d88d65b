import { mkdir, readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { z } from 'zod';
import { type ChildOptions, run, startServer } from './child.ts';
import { freePort, HOST, isolatedEnvironment, REGION, type Workplace } from './workplace.ts';

/** The emulator, and the tool that creates its TLS certificate. Raise the versions here. */
const PACKAGES = ['ministack==1.5.33', 'trustme==1.2.1'];
const INSTALL_SECONDS = 180;
const START_SECONDS = 60;

/** A running emulator, a third-party product: https://ministack.org. */
export interface Emulator {
  /** The endpoint of every service, without a trailing slash. */
  readonly url: string;
  /** The CA certificate that signs its own. */
  readonly certificates: string;
  readonly log: string;
  stop(): Promise<void>;
}

/**
 * The emulator's packages couldn't be installed, for instance without access to PyPI. That says nothing about the
 * deployment.
 */
export class NotInstallableError extends Error {
  override readonly name = 'NotInstallableError';
}

/**
 * Installs the emulator's packages into a virtual environment, and creates its certificate.
 * @throws NotInstallableError
 */
export async function installEmulator(python: string, workplace: Workplace, signal: AbortSignal): Promise<void> {
  const options: ChildOptions = { env: isolatedEnvironment(), signal };
  await run([python, '-m', 'venv', workplace.path('venv')], options, INSTALL_SECONDS);
  const inside = workplace.path('venv', 'bin', 'python');
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...PACKAGES];
  await run([inside, ...install], options, INSTALL_SECONDS).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw new NotInstallableError('could not install the emulator from PyPI', { cause: error });
  });
  await mkdir(workplace.path('tls'));
  await run([inside, '-m', 'trustme', '--dir', workplace.path('tls'), '--identities', HOST], options, START_SECONDS);
}

/**
 * Starts the emulator on a free port of 127.0.0.1, with TLS, which the template's policies require, and with IAM
 * enforced: every function calls with its own role. This process trusts its certificate from then on.
 * @throws Error with the emulator's log, when it doesn't answer
 */
export async function startEmulator(workplace: Workplace, signal: AbortSignal): Promise<Emulator> {
  const port = await freePort();
  const url = `https://${HOST}:${port}`;
  const [certificate, key, certificates, temporary, log] = [
    workplace.path('tls', 'server.pem'),
    workplace.path('tls', 'server.key'),
    workplace.path('tls', 'client.pem'),
    workplace.path('functions'),
    workplace.path('emulator.log'),
  ];
  await mkdir(temporary);
  const env = {
    ...isolatedEnvironment(),
    AUTH: 'true',
    USE_SSL: '1',
    MINISTACK_SSL_CERT: certificate,
    MINISTACK_SSL_KEY: key,
    // Inherited by the functions.
    NODE_EXTRA_CA_CERTS: certificates,
    GATEWAY_PORT: String(port),
    MINISTACK_HOST: HOST,
    MINISTACK_REGION: REGION,
    TMPDIR: temporary,
    // Other listeners, which we don't need.
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
  };
  // Its own command would also listen on port 443.
  const serve = ['-m', 'hypercorn', 'ministack.app:app', '--bind', `${HOST}:${port}`, '--keep-alive', '75'];
  const server = startServer(
    [workplace.path('venv', 'bin', 'python'), ...serve, '--certfile', certificate, '--keyfile', key],
    { env, signal },
    log,
  );
  setDefaultCACertificates([...getCACertificates('default'), await readFile(certificates, 'utf8')]);
  const giveUpAt = performance.now() + START_SECONDS * 1000;
  while (!(await enforces(url))) {
    if (server.hasEnded || signal.aborted || performance.now() > giveUpAt) {
      await server.stop();
      throw new Error(`the emulator did not answer:\n${await readFile(log, 'utf8')}`);
    }
    await wait(200);
  }
  return { url, certificates, log, stop: () => server.stop() };
}

const health = z.object({ auth: z.literal('enabled') });

/** Whether it answers yet. Throws when it doesn't enforce IAM. */
async function enforces(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/_ministack/health`, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
  if (!answer?.ok) return false;
  health.parse(await answer.json());
  return true;
}
