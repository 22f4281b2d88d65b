import type { Stage as ApiStage } from 'aws-cdk-lib/aws-apigateway';
import { CfnWebACL, CfnWebACLAssociation } from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { Stage } from './deployment.ts';

export interface FirewallProps {
  readonly stage: Stage;
  readonly protects: ApiStage;
}

/** Requests that one address may send in five minutes. A client's own limit is 1,000 a minute (seeds, "Rate Limiting"); some share an address. */
const REQUESTS_AN_ADDRESS = 20_000;

/** AWS's rule groups, and the rules in them that would hit honest clients: those only count. */
const MANAGED: Readonly<Record<string, readonly string[]>> = {
  AWSManagedRulesAmazonIpReputationList: [],
  AWSManagedRulesKnownBadInputsRuleSet: [],
  // Bodies have up to 10 MB here, and programs often have no user agent.
  AWSManagedRulesCommonRuleSet: ['SizeRestrictions_BODY', 'NoUserAgent_HEADER'],
};

/**
 * A WAF before the API. What it blocks is answered by the gateway as 403, in the envelope. It logs nothing: its log lines would hold the headers,
 * and with them the secrets of clients; it counts, and shows samples in the console.
 */
export class Firewall extends Construct {
  constructor(scope: Construct, id: string, { stage, protects }: FirewallProps) {
    super(scope, id);
    const visibility = (metricName: string): CfnWebACL.VisibilityConfigProperty => ({
      metricName,
      cloudWatchMetricsEnabled: true,
      sampledRequestsEnabled: true,
    });
    const managed = Object.entries(MANAGED).map(
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
      description: 'Before the API of Bulk Data Fetch',
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      rules: [
        {
          name: 'TooManyFromOneAddress',
          priority: 0,
          action: { block: {} },
          statement: { rateBasedStatement: { limit: REQUESTS_AN_ADDRESS, aggregateKeyType: 'IP' } },
          visibilityConfig: visibility('TooManyFromOneAddress'),
        },
        ...managed,
      ],
      visibilityConfig: visibility(`bulk-data-fetch-${stage.name}`),
    });
    new CfnWebACLAssociation(this, 'Association', { resourceArn: protects.stageArn, webAclArn: acl.attrArn });
  }
}
