import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Suppresses a finding of cdk-nag (pack AwsSolutions) for a construct and everything in it.
 * @param rule its id, such as `S1`
 * @param reason why it's no problem here
 */
export function suppressNag(scope: IConstruct, rule: string, reason: string): void {
  Validations.of(scope).acknowledge({ id: `AwsSolutions-${rule}`, reason });
}

/**
 * Suppresses IAM5, which objects to wildcards in policies, for one resource pattern.
 * @param pattern as cdk-nag writes it, with `<LogicalId.Attribute>` for what only a deployment knows
 */
export function suppressWildcardNag(scope: IConstruct, pattern: string, reason: string): void {
  suppressNag(scope, `IAM5[Resource::${pattern}]`, reason);
}
