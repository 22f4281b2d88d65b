import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { rendered, synthesized } from './synthesized.ts';

const ADDRESS = 'ops@lender.test';
const stack = synthesized({ alarmAddress: ADDRESS });

const alarmSchema = z.object({
  AlarmName: z.string(),
  AlarmDescription: z.string().max(1024),
  AlarmActions: z.array(z.unknown()),
  OKActions: z.array(z.unknown()),
  TreatMissingData: z.enum(['notBreaching', 'breaching', 'ignore']),
  Threshold: z.number(),
  EvaluationPeriods: z.number(),
  Metrics: z.array(z.object({ Expression: z.string().optional() })).optional(),
});
const alarms = new Map(
  stack.all('AWS::CloudWatch::Alarm').map(({ properties }) => {
    const alarm = alarmSchema.parse(properties);
    return [alarm.AlarmName.replace('bulk-data-fetch-dev-', ''), alarm];
  }),
);

const runbook = readFileSync(join(import.meta.dirname, '../../docs/runbook.md'), 'utf8');
const sections = new Map(
  runbook
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section]),
);
const sectionOf = ({ AlarmDescription }: { AlarmDescription: string }): string =>
  / Runbook: docs\/runbook\.md#([a-z0-9-]+)$/.exec(AlarmDescription)?.[1] ?? `none in: ${AlarmDescription}`;

test('there is an alarm for everything that a person has to see to', () => {
  expect(
    [...alarms.keys()].filter((name) => !name.endsWith('-errors') || name.startsWith('unclassified')).sort(),
  ).toEqual([
    'api-answers-5xx',
    'api-throttled',
    'batch-open-too-long',
    'chunk-given-up',
    'chunks-dead-letters',
    'chunks-messages-too-old',
    'circuit-open',
    'credentials-refused',
    'files-dead-letters',
    'files-messages-too-old',
    'loop-throttled',
    'recovery-stopped',
    'rows-failing',
    'table-throttled',
    'unclassified-errors',
    'upstream-failing',
    'workers-throttled',
  ]);
});

test('every function has an alarm for its errors, which says what they mean for clients and batches', () => {
  for (const [name, { properties }] of stack.functions()) {
    const impact = z.string().parse(properties['Description']).replace('While it fails: ', '');
    expect(alarms.get(`${name}-errors`)?.AlarmDescription).toContain(impact);
  }
});

describe.each([...alarms])('%s', (_, alarm) => {
  test('tells the topic when it is raised, and when it is over', () => {
    const topics = stack.all('AWS::SNS::Topic').map(({ logicalId }) => `<${logicalId}>`);
    expect(topics).toHaveLength(1);
    expect(alarm.AlarmActions.map(rendered)).toEqual(topics);
    expect(alarm.OKActions.map(rendered)).toEqual(topics);
  });

  test('links a section of the runbook that exists, with its three parts', () => {
    const section = sections.get(sectionOf(alarm));
    for (const part of ['Description', 'Investigation', 'Resolution']) {
      const text = section?.split(`### ${part}\n`)[1]?.split('\n### ')[0] ?? '';
      expect(text.trim().length).toBeGreaterThan(60);
    }
  });

  test('begins with a sentence', () => {
    expect(alarm.AlarmDescription).toMatch(/^\S.{30,}[.!] Runbook: /);
  });

  test('looks at no more metrics than CloudWatch allows', () => {
    const metrics = alarm.Metrics ?? [];
    expect(metrics.filter(({ Expression }) => Expression === undefined).length).toBeLessThanOrEqual(10);
  });
});

test('every section of the runbook belongs to an alarm', () => {
  expect([...sections.keys()].sort()).toEqual([...new Set([...alarms.values()].map(sectionOf))].sort());
});

test('no data is no alarm, but where recovery is silent', () => {
  const others = [...alarms].filter(([, { TreatMissingData }]) => TreatMissingData !== 'notBreaching');
  expect(others.map(([name, { TreatMissingData }]) => [name, TreatMissingData])).toEqual([
    ['batch-open-too-long', 'ignore'],
    ['recovery-stopped', 'breaching'],
  ]);
});

test('a batch is worth a look long before it is given up', () => {
  expect(alarms.get('batch-open-too-long')?.Threshold).toBe(4 * 3600);
});

describe('the topic', () => {
  test('mails the address of the deployment', () => {
    expect(stack.all('AWS::SNS::Subscription').map(({ properties }) => properties)).toEqual([
      expect.objectContaining({ Protocol: 'email', Endpoint: ADDRESS }),
    ]);
    expect(synthesized().all('AWS::SNS::Subscription')).toEqual([]);
  });

  const policySchema = z.object({
    Statement: z.array(
      z.object({
        Effect: z.string(),
        Principal: z.unknown(),
        Action: z.unknown(),
        Condition: z.unknown().optional(),
      }),
    ),
  });

  test('takes alarms of this account, and nothing without TLS', () => {
    const [policy] = stack.all('AWS::SNS::TopicPolicy');
    const { Statement } = policySchema.parse(policy?.properties['PolicyDocument']);
    expect(Statement).toHaveLength(2);
    expect(Statement).toContainEqual({
      Effect: 'Deny',
      Principal: '*',
      Action: 'sns:Publish',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    });
    expect(Statement).toContainEqual({
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: 'sns:Publish',
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    });
  });

  test('is encrypted with a key that is rotated, and that CloudWatch may use', () => {
    const [topic] = stack.all('AWS::SNS::Topic');
    const [key] = stack.all('AWS::KMS::Key');
    expect(topic?.properties['KmsMasterKeyId']).toEqual({ 'Fn::GetAtt': [key?.logicalId, 'Arn'] });
    expect(key?.properties['EnableKeyRotation']).toBe(true);
    expect(policySchema.parse(key?.properties['KeyPolicy']).Statement).toContainEqual({
      Effect: 'Allow',
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
    });
  });
});
