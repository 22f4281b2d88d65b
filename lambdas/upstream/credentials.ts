import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';

/** What FinPro knows an organisation by; sent as headers with every call. */
export interface UpstreamCredentials {
  readonly client_id: string;
  readonly client_secret: string;
  readonly organisationId: string;
  readonly appIdentifier: string;
}

export interface CredentialsOf {
  (organisationId: string): Promise<UpstreamCredentials>;
  /** Reads the secret again at the next call: FinPro has refused the one we have. */
  forget(organisationId: string): void;
}

const credentials = z.object({
  client_id: z.string().min(1),
  client_secret: z.string().min(1),
  organisationId: z.string().min(1),
  appIdentifier: z.string().min(1),
});

/** The upstream credentials of each organisation, one secret each, read once a container. */
export function secretsManagerCredentials(
  prefix: string,
  client = new SecretsManagerClient({ maxAttempts: 5 }),
): CredentialsOf {
  const known = new Map<string, Promise<UpstreamCredentials>>();
  const read = async (organisationId: string): Promise<UpstreamCredentials> => {
    const { SecretString = '{}' } = await client.send(
      new GetSecretValueCommand({ SecretId: `${prefix}${organisationId}` }),
    );
    return credentials.parse(JSON.parse(SecretString));
  };
  const of = (organisationId: string): Promise<UpstreamCredentials> => {
    const value = known.get(organisationId) ?? read(organisationId);
    known.set(organisationId, value);
    value.catch(() => known.delete(organisationId));
    return value;
  };
  return Object.assign(of, {
    forget: (organisationId: string): void => {
      known.delete(organisationId);
    },
  });
}
