import type { Stage as ApiStage } from 'aws-cdk-lib/aws-apigateway';
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { Stage } from './deployment.ts';

export interface FirewallProps {
  readonly stage: Stage;
  readonly apiStage: ApiStage;
}

/**
 * Requests that one address can send in five minutes. A client's own limit is 1,000 per minute (`docs/spec/fi-request-status.md`, "Rate limit"), and
 * clients may share an address.
 */
const REQUESTS_PER_ADDRESS = 20_000;

/** AWS's managed rule groups, and the rules in them that only count, because they would block honest clients. */
const MANAGED_RULES: Readonly<Record<string, readonly string[]>> = {
  AWSManagedRulesAmazonIpReputationList: [],
  AWSManagedRulesKnownBadInputsRuleSet: [],
  // Bodies here have up to 10 MB, and programs often send no user agent.
  AWSManagedRulesCommonRuleSet: ['SizeRestrictions_BODY', 'NoUserAgent_HEADER'],
};

/**
 * A WAF in front of the API. The gateway answers what it blocks with 403, in the envelope. It logs nothing, because its log lines would contain the
 * headers, and with them clients' secrets; it has metrics, and shows samples in the console.
 */
export class Firewall extends Construct {
  constructor(scope: Construct, id: string, { stage, apiStage }: FirewallProps) {
    super(scope, id);
    const visibility = (metricName: string): CfnWebACL.VisibilityConfigProperty => ({
      metricName,
      cloudWatchMetricsEnabled: true,
      sampledRequestsEnabled: true,
    });
    const managed = Object.entries(MANAGED_RULES).map(
      ([name, counting], index): CfnWebACL.RuleProperty => ({
        name,
        priority: index + 1,
        overrideAction: { none: {} },
        statement: {
          managedRuleGroupStatement: {
            vendorName: 'AWS',
            name,
            ruleActionOverrides: counting.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
          },
        },
        visibilityConfig: visibility(name),
      }),
    );
    const acl = new CfnWebACL(this, 'Acl', {
      name: `bulk-data-fetch-${stage.name}`,
      description: 'Protects the API of Bulk Data Fetch',
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      rules: [
        {
          name: 'TooManyFromOneAddress',
          priority: 0,
          action: { block: {} },
          statement: { rateBasedStatement: { limit: REQUESTS_PER_ADDRESS, aggregateKeyType: 'IP' } },
          visibilityConfig: visibility('TooManyFromOneAddress'),
        },
        ...managed,
      ],
      visibilityConfig: visibility(`bulk-data-fetch-${stage.name}`),
    });
    new CfnWebACLAssociation(this, 'Association', { resourceArn: apiStage.stageArn, webAclArn: acl.attrArn });
  }
}
