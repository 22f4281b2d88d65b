import { join } from 'node:path';
import type { ApiCredentials } from '#cli/api-client.ts';
import { run } from './child.ts';
import { environmentFor, type StackOutputs } from './deployed-stack.ts';
import type { Emulator } from './ministack.ts';
import { PROJECT, REGION } from './workplace.ts';

const SECONDS = 60;

/** Creates an API client in the deployed table as an operator does, with `npm run clients -- create`. */
export async function createDeployedClient(
  emulator: Emulator,
  { TableName }: Pick<StackOutputs, 'TableName'>,
  organisationId: string,
  signal: AbortSignal,
): Promise<ApiCredentials> {
  const command = ['create', '--organisation', organisationId, '--app', 'verify-app', '--table', TableName];
  const output = await run(
    [process.execPath, join(PROJECT, 'cli/clients.ts'), ...command, '--region', REGION],
    { cwd: PROJECT, env: environmentFor(emulator), signal },
    SECONDS,
  );
  const headers = new Map(output.split('\n').map((line) => [line.split(': ')[0], line.split(': ')[1]]));
  const header = (name: string): string => {
    const value = headers.get(name);
    if (value === undefined) throw new Error(`npm run clients printed no ${name}`);
    return value;
  };
  return {
    organisationId: header('organisationId'),
    client_id: header('client_id'),
    client_secret: header('client_secret'),
    appIdentifier: header('appIdentifier'),
  };
}
