import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const PROJECT = fileURLToPath(new URL('..', import.meta.url));
export const HOST = '127.0.0.1';
export const REGION = 'ap-south-1';
/** The emulator's only account. */
export const ACCOUNT = '000000000000';
/** The emulator's credentials of the root user. */
export const ROOT = { accessKeyId: 'test', secretAccessKey: 'test' };

/** The temporary folder of a run. */
export interface Workplace {
  path(...names: string[]): string;
  remove(): Promise<void>;
}

export async function makeWorkplace(): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'verify-deploy-'));
  return {
    path: (...names) => join(folder, ...names),
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/**
 * This process's environment with the packaged Node first, without anything that names a real AWS account, and without
 * a proxy for 127.0.0.1.
 */
export function isolatedEnvironment(given: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return {
    ...Object.fromEntries(Object.entries(given).filter(([name]) => !name.startsWith('AWS_'))),
    PATH: [join(PROJECT, 'node_modules/.bin'), given['PATH']].join(delimiter),
    NO_PROXY: [given['NO_PROXY'], HOST].filter(Boolean).join(','),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/nowhere',
    AWS_SHARED_CREDENTIALS_FILE: '/nowhere',
  };
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer().once('error', reject);
  server.listen(0, HOST, () => {
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    server.close(() => (port === undefined ? reject(new Error('no port is free')) : resolve(port)));
  });
  return promise;
}
