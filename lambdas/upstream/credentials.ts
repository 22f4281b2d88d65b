import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { awsClientOptions } from '../platform/aws-client.ts';

/** An organisation's credentials at FinPro, sent as headers with every call. */
export interface UpstreamCredentials {
  readonly client_id: string;
  readonly client_secret: string;
  readonly organisationId: string;
  readonly appIdentifier: string;
}

export interface CredentialsOf {
  (organisationId: string): Promise<UpstreamCredentials>;
  /** Drops credentials that FinPro refused, so that the next call reads them again. */
  forget(organisationId: string): void;
}

const credentials = z.object({
  client_id: z.string().min(1),
  client_secret: z.string().min(1),
  organisationId: z.string().min(1),
  appIdentifier: z.string().min(1),
});

/** Each organisation's upstream credentials, one secret each, read once per container. */
export function secretsManagerCredentials(
  prefix: string,
  client = new SecretsManagerClient(awsClientOptions()),
): CredentialsOf {
  const cache = new Map<string, Promise<UpstreamCredentials>>();
  const read = async (organisationId: string): Promise<UpstreamCredentials> => {
    const { SecretString = '{}' } = await client.send(
      new GetSecretValueCommand({ SecretId: `${prefix}${organisationId}` }),
    );
    return credentials.parse(JSON.parse(SecretString));
  };
  const of = (organisationId: string): Promise<UpstreamCredentials> => {
    const value = cache.get(organisationId) ?? read(organisationId);
    cache.set(organisationId, value);
    value.catch(() => cache.delete(organisationId));
    return value;
  };
  return Object.assign(of, {
    forget: (organisationId: string): void => {
      cache.delete(organisationId);
    },
  });
}
