import {
  CreateSecretCommand,
  ResourceExistsException,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import { generateSecret } from '#lambdas/clients/secret.ts';
import { upstreamSecretPrefix } from '#lib/upstream-secret.ts';

/** The stage of `cdk synth` without a context, which the local cloud runs. */
const STAGE = 'dev';

/**
 * Stores an organisation's credentials for the simulator, which accepts any but requires some. False: the organisation
 * already has credentials.
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
