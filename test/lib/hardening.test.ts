import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { synthesized } from './synthesized.ts';

const stack = synthesized();
const everything = JSON.stringify(stack.template.toJSON());

describe('the API', () => {
  test('takes TLS 1.2 and 1.3 only, for the host that the client has named', () => {
    stack.template.hasResourceProperties('AWS::ApiGateway::RestApi', {
      SecurityPolicy: 'SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09',
      EndpointAccessMode: 'STRICT',
    });
  });

  test('lets so many requests through, on every path, and no more', () => {
    const [stage] = stack.all('AWS::ApiGateway::Stage');
    expect(stage?.properties['MethodSettings']).toEqual([
      expect.objectContaining({
        ResourcePath: '/*',
        HttpMethod: '*',
        ThrottlingRateLimit: 200,
        ThrottlingBurstLimit: 400,
        DataTraceEnabled: false,
      }),
    ]);
    expect(stage?.properties['TracingEnabled']).toBe(true);
  });

  test('allows no origin: nothing in the template speaks of CORS', () => {
    expect(everything).not.toMatch(/Access-Control-Allow|CorsConfiguration|"OPTIONS"/);
  });
});

describe('the firewall', () => {
  const guarded = synthesized({ waf: 'on' });
  const acl = guarded.all('AWS::WAFv2::WebACL')[0]?.properties ?? {};
  const rules = z
    .array(z.looseObject({ Name: z.string(), Priority: z.number(), Statement: z.record(z.string(), z.unknown()) }))
    .parse(acl['Rules']);

  test('is there where it is switched on, before the stage of the API', () => {
    expect(stack.all('AWS::WAFv2::WebACL')).toEqual([]);
    expect(acl).toMatchObject({ Scope: 'REGIONAL', DefaultAction: { Allow: {} } });
    const [association] = guarded.all('AWS::WAFv2::WebACLAssociation');
    expect(JSON.stringify(association?.properties['ResourceArn'])).toContain('/restapis/');
    expect(association?.properties['WebACLArn']).toEqual({
      'Fn::GetAtt': [guarded.all('AWS::WAFv2::WebACL')[0]?.logicalId, 'Arn'],
    });
  });

  test('stops addresses that send too much, and what AWS knows to be bad', () => {
    expect(rules.map(({ Name }) => Name)).toEqual([
      'TooManyFromOneAddress',
      'AWSManagedRulesAmazonIpReputationList',
      'AWSManagedRulesKnownBadInputsRuleSet',
      'AWSManagedRulesCommonRuleSet',
    ]);
    expect(new Set(rules.map(({ Priority }) => Priority)).size).toBe(rules.length);
  });

  test('lets bodies of 10 MB and programs without a user agent pass', () => {
    expect(rules.find(({ Name }) => Name === 'AWSManagedRulesCommonRuleSet')?.Statement).toMatchObject({
      ManagedRuleGroupStatement: {
        RuleActionOverrides: [
          { Name: 'SizeRestrictions_BODY', ActionToUse: { Count: {} } },
          { Name: 'NoUserAgent_HEADER', ActionToUse: { Count: {} } },
        ],
      },
    });
  });

  test('logs no requests: their headers hold secrets', () => {
    expect(guarded.all('AWS::WAFv2::LoggingConfiguration')).toEqual([]);
  });
});

describe('secrets', () => {
  test('are not made by the stack, and not read into the template', () => {
    expect(stack.all('AWS::SecretsManager::Secret')).toEqual([]);
    expect(everything).not.toMatch(/\{\{resolve:|client_secret|BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}/);
  });

  test('are in no environment: what a function is given is settings, names and addresses', () => {
    const environment = z.object({ Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }) });
    for (const { properties } of stack.functions().values()) {
      const { Variables } = environment.parse(properties).Environment;
      const values = Object.values(Variables).filter((value) => typeof value === 'string');
      // Nothing here is long and random: words, numbers and URLs only.
      expect(values.filter((value) => /[A-Za-z0-9+/_=]{24,}/.test(value))).toEqual([]);
      expect(Variables).not.toHaveProperty('POWERTOOLS_LOGGER_LOG_EVENT');
    }
  });

  test('of a parameter there is none that could hold one', () => {
    const { Parameters = {} } = z
      .object({ Parameters: z.record(z.string(), z.unknown()).optional() })
      .parse(stack.template.toJSON());
    expect(Object.keys(Parameters)).toEqual(['BootstrapVersion']);
  });
});

test('everything that keeps data is encrypted: the table, the bucket, the queues and the topic', () => {
  stack.template.allResourcesProperties('AWS::DynamoDB::Table', { SSESpecification: { SSEEnabled: true } });
  stack.template.allResourcesProperties('AWS::SQS::Queue', { SqsManagedSseEnabled: true });
  for (const { properties } of stack.all('AWS::S3::Bucket')) expect(properties).toHaveProperty('BucketEncryption');
  for (const { properties } of stack.all('AWS::SNS::Topic')) expect(properties).toHaveProperty('KmsMasterKeyId');
});

test('nothing reads the dead letters: they are evidence, and recovery heals', () => {
  const deadLetters = stack
    .all('AWS::SQS::Queue')
    .filter(({ properties }) => String(properties['QueueName']).endsWith('-dead-letters'))
    .map(({ logicalId }) => logicalId);
  expect(deadLetters).toHaveLength(2);
  const mappings = JSON.stringify(stack.all('AWS::Lambda::EventSourceMapping'));
  const policies = JSON.stringify(stack.all('AWS::IAM::Policy'));
  for (const logicalId of deadLetters) {
    expect(mappings).not.toContain(logicalId);
    expect(policies).not.toContain(logicalId);
  }
});
