import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Deployment } from './deployment.ts';
import { suppressWildcardNag } from './nag.ts';
import type { ServiceFunction } from './service-function.ts';
import { upstreamSecretPrefix } from './topology.ts';

/**
 * Lets a function call FinPro for every organisation; sets `FINPRO_BASE_URL` and `UPSTREAM_SECRET_PREFIX`. The secrets with the organisations'
 * credentials are made by people, not by the stack.
 */
export function grantUpstream(caller: ServiceFunction, deployment: Deployment): void {
  const prefix = upstreamSecretPrefix(deployment.stage.name);
  caller.lambda.addEnvironment('FINPRO_BASE_URL', deployment.finproBaseUrl);
  caller.lambda.addEnvironment('UPSTREAM_SECRET_PREFIX', prefix);
  const arn = Stack.of(caller).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    resourceName: `${prefix}*`,
  });
  caller.allow(['secretsmanager:GetSecretValue'], [arn]);
  suppressWildcardNag(
    caller,
    `arn:aws:secretsmanager:${deployment.region}:<AWS::AccountId>:secret:${prefix}*`,
    "One secret per organisation, under the stage's prefix: the stack doesn't know which ones exist.",
  );
}
