import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/**
 * Accepts a finding of cdk-nag (pack AwsSolutions) for a construct and all within it.
 * @param rule its id, such as `S1`, or `IAM5[Resource::*]` for one of several findings
 * @param reason why the finding is no fault here
 */
export function acknowledge(scope: IConstruct, rule: string, reason: string): void {
  Validations.of(scope).acknowledge({ id: `AwsSolutions-${rule}`, reason });
}
