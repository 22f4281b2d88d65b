import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { withStack } from './synthesized.ts';

/** Every finding of the pack AwsSolutions, as `rule at construct`. */
const findings = (context: Record<string, string>): string[] =>
  withStack(context, (stack) =>
    new AwsSolutionsChecks(stack)
      .validateScope(stack)
      .violations.flatMap(({ ruleName, violatingResources }) =>
        violatingResources.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
      ),
  );

const PROD = { stage: 'prod', finproBaseUrl: 'https://finpro.test', alarmAddress: 'ops@lender.test' };

describe('cdk-nag, pack AwsSolutions, has nothing to say', () => {
  test.each([
    ['dev', {}],
    ['dev with a firewall', { waf: 'on' }],
    ['prod', PROD],
    ['prod without a firewall', { ...PROD, waf: 'off' }],
  ])('about %s', (_, context) => {
    expect(findings(context)).toEqual([]);
  });
});

describe('what it would say, and is accepted', () => {
  const acknowledged = z.record(z.string(), z.string());
  const accepted = withStack(PROD, (stack) =>
    stack.node
      .findAll()
      .flatMap(({ node }) => node.metadata.filter(({ type }) => type === 'aws:cdk:acknowledged-rules'))
      .flatMap(({ data }) => Object.entries(acknowledged.parse(data))),
  );
  const ruleOf = (id: string): string => /AwsSolutions-([A-Z]+\d+)/.exec(id)?.[1] ?? id;

  test('is this, and no more', () => {
    expect([...new Set(accepted.map(([id]) => ruleOf(id)))].sort()).toEqual([
      'APIG1',
      'APIG2',
      'APIG4',
      'APIG6',
      'COG4',
      'IAM5',
      'S1',
      'SF1',
    ]);
  });

  test('has a reason each', () => {
    for (const [id, reason] of accepted) expect(`${id}: ${reason}`).toMatch(/: \S.{20,}\.$/);
  });

  test('is about permissions on single resources only where AWS knows none, or where it is one folder or one prefix', () => {
    for (const [id] of accepted.filter(([rule]) => ruleOf(rule) === 'IAM5')) {
      expect(id).toMatch(
        /\[Resource::(\*|<FileStore\w+\.Arn>\/[a-z-]+\/\*|arn:aws:secretsmanager:[^*]+\/upstream\/\*)\]$/,
      );
    }
  });
});
