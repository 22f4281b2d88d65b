import {
  CreateSecretCommand,
  ResourceExistsException,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import { generateSecret } from '#lambdas/clients/secret.ts';
import { upstreamSecretPrefix } from '#lib/upstream-secret.ts';

/** The local cloud runs the stack as `cdk synth` makes it when it is told nothing. */
const STAGE = 'dev';

/**
 * Stores credentials for the simulator for an organisation of the local cloud, without which its batches would be refused there. The simulator
 * takes any. False: the organisation has some.
 */
export async function storeSimulatorCredentials(
  connection: SecretsManagerClientConfig,
  organisationId: string,
): Promise<boolean> {
  const secrets = new SecretsManagerClient(connection);
  const SecretString = JSON.stringify({
    client_id: `upstream-${organisationId}`,
    client_secret: generateSecret(),
    organisationId,
    appIdentifier: `upstream-${organisationId}-app`,
  });
  try {
    const Name = `${upstreamSecretPrefix(STAGE)}${organisationId}`;
    await secrets.send(new CreateSecretCommand({ Name, SecretString }));
    return true;
  } catch (error) {
    if (error instanceof ResourceExistsException) return false;
    throw error;
  } finally {
    secrets.destroy();
  }
}
