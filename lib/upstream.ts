import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Deployment } from './deployment.ts';
import { acknowledge } from './nag.ts';
import type { ServiceFunction } from './service-function.ts';
import { upstreamSecretPrefix } from './topology.ts';

/** Lets a function call the upstream for every organisation: where it is, and the credentials, which people put there, not the stack. */
export function allowUpstream(caller: ServiceFunction, deployment: Deployment): void {
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
  acknowledge(
    caller,
    `IAM5[Resource::arn:aws:secretsmanager:${deployment.region}:<AWS::AccountId>:secret:${prefix}*]`,
    'One secret an organisation, under a prefix of the stage: the stack does not know which there are.',
  );
}
