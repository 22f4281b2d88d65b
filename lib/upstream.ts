import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Deployment } from './deployment.ts';
import type { ServiceFunction } from './service-function.ts';

/** Where an organisation's credentials for the upstream lie in Secrets Manager: this and its id. */
export const upstreamSecretPrefix = ({ stage }: Deployment): string => `bulk-data-fetch/${stage.name}/upstream/`;

/** Lets a function call the upstream for every organisation: where it is, and the credentials, which people put there, not the stack. */
export function allowUpstream(caller: ServiceFunction, deployment: Deployment): void {
  const prefix = upstreamSecretPrefix(deployment);
  caller.lambda.addEnvironment('FINPRO_BASE_URL', deployment.finproBaseUrl);
  caller.lambda.addEnvironment('UPSTREAM_SECRET_PREFIX', prefix);
  caller.allow(
    ['secretsmanager:GetSecretValue'],
    [
      Stack.of(caller).formatArn({
        service: 'secretsmanager',
        resource: 'secret',
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        resourceName: `${prefix}*`,
      }),
    ],
  );
}
