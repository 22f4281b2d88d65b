import { describe, expect, test } from 'vitest';
import { readDeployment } from '#lib/deployment.ts';
import { rendered, synthesized } from './synthesized.ts';

const reading = (context: Readonly<Record<string, unknown>>) => readDeployment((key) => context[key]);

describe('context', () => {
  test('without any it is dev, in Mumbai, against an upstream that does not exist', () => {
    expect(reading({})).toMatchObject({
      stage: { name: 'dev' },
      region: 'ap-south-1',
      finproBaseUrl: 'https://api.finpro.example',
      alarmAddress: null,
      runbookUrl: 'docs/runbook.md',
    });
  });

  test('what is given is taken', () => {
    const context = { stage: 'prod', region: 'ap-south-2', finproBaseUrl: 'https://finpro.test' };
    expect(reading(context)).toMatchObject({ ...context, stage: { name: 'prod' } });
  });

  test('alarms have an address where there is one, and the firewall is on in prod, unless it is said otherwise', () => {
    expect(reading({ alarmAddress: 'ops@lender.test', runbookUrl: 'https://wiki.test/runbook' })).toMatchObject({
      alarmAddress: 'ops@lender.test',
      runbookUrl: 'https://wiki.test/runbook',
      waf: false,
    });
    expect(reading({ waf: 'on' }).waf).toBe(true);
    expect(reading({ stage: 'prod' }).waf).toBe(true);
    expect(reading({ stage: 'prod', waf: 'off' }).waf).toBe(false);
  });

  test.each([
    ['alarmAddress', 'nobody'],
    ['alarmAddress', ''],
    ['runbookUrl', ''],
    ['waf', 'true'],
    ['stage', 'production'],
    ['region', 'Mumbai'],
    ['table', 'not a table'],
    ['finproBaseUrl', 'finpro.test'],
    ['finproBaseUrl', 'ftp://finpro.test'],
    ['finproBaseUrl', 'http://finpro.test'],
    ['finproBaseUrl', 'http://127.0.0.1.finpro.test'],
    ['finproBaseUrl', 'https://user:secret@finpro.test'],
    ['finproBaseUrl', 'https://finpro.test/?key=1'],
    ['finproBaseUrl', 'https://finpro.test/#one'],
  ])('%s cannot be %s, and the error says which value it is', (key, value) => {
    expect(() => reading({ [key]: value })).toThrow(key);
  });
});

test.each(['http://127.0.0.1:4001', 'http://localhost:4001', 'http://[::1]:4001', 'https://finpro.test/gateway/v1'])(
  'the upstream can be %s',
  (finproBaseUrl) => {
    expect(reading({ finproBaseUrl })).toMatchObject({ finproBaseUrl });
  },
);

describe('stages', () => {
  const dev = synthesized();
  const prod = synthesized({ stage: 'prod', finproBaseUrl: 'https://finpro.test', alarmAddress: 'ops@lender.test' });
  const policies = (stack: typeof dev, type: string) => stack.all(type).map(({ deletionPolicy }) => deletionPolicy);

  test('prod keeps its table, its files and its logs when the stack is deleted, dev keeps nothing', () => {
    expect(policies(prod, 'AWS::DynamoDB::Table')).toEqual(['Retain']);
    expect(policies(dev, 'AWS::DynamoDB::Table')).toEqual(['Delete']);
    expect(policies(prod, 'AWS::S3::Bucket')).toEqual(['Retain']);
    expect(policies(dev, 'AWS::S3::Bucket')).toEqual(['Delete']);
    expect(prod.all('AWS::DynamoDB::Table')[0]?.properties['DeletionProtectionEnabled']).toBe(true);
    expect(dev.all('AWS::DynamoDB::Table')[0]?.properties['DeletionProtectionEnabled']).toBe(false);
    expect(policies(prod, 'AWS::Logs::LogGroup').filter((policy) => policy === 'Retain')).toHaveLength(
      prod.functions().size,
    );
    expect(new Set(policies(dev, 'AWS::Logs::LogGroup'))).toEqual(new Set(['Delete']));
  });

  test('what is kept has no name of its own, so that the stack can be made anew beside it', () => {
    for (const type of ['AWS::DynamoDB::Table', 'AWS::Logs::LogGroup']) {
      for (const { properties, deletionPolicy } of prod.all(type)) {
        if (deletionPolicy !== 'Retain') continue;
        expect(Object.keys(properties)).not.toContain('TableName');
        expect(Object.keys(properties)).not.toContain('LogGroupName');
      }
    }
    // The bucket has one, of which this stack's own id is a part.
    expect(rendered(prod.all('AWS::S3::Bucket')[0]?.properties['BucketName'])).toContain('<AWS::StackId/');
  });

  test('prod keeps logs for as long as batches', () => {
    const retention = (stack: typeof dev) =>
      new Set(stack.all('AWS::Logs::LogGroup').map(({ properties }) => properties['RetentionInDays']));
    expect(retention(dev)).toEqual(new Set([14]));
    expect(retention(prod)).toEqual(new Set([90]));
  });

  test('both fit into one account: names, metrics and secrets have the stage in them', () => {
    const names = (stack: typeof dev) => [...stack.functions().values()].map((one) => one.properties['FunctionName']);
    expect(names(dev).filter((name) => names(prod).includes(name))).toEqual([]);
    expect(prod.outputs['UpstreamSecretPrefix']).toBe('bulk-data-fetch/prod/upstream/');
    for (const { properties } of prod.functions().values()) {
      expect(properties).toMatchObject({
        Environment: {
          Variables: { POWERTOOLS_METRICS_NAMESPACE: 'bulk-data-fetch/prod', POWERTOOLS_LOG_LEVEL: 'INFO' },
        },
      });
    }
  });

  test('the functions that call the upstream call the one of the deployment', () => {
    for (const name of ['start-chunk', 'advance-chunk']) {
      expect(prod.function(name).properties).toMatchObject({
        Environment: { Variables: { FINPRO_BASE_URL: 'https://finpro.test' } },
      });
    }
  });
});

test('a person who deployed is told where things are', () => {
  const { outputs } = synthesized();
  expect(Object.keys(outputs).sort()).toEqual([
    'AlarmTopicArn',
    'ApiUrl',
    'BucketName',
    'ChunkDeadLetterQueueUrl',
    'ChunkQueueUrl',
    'DashboardName',
    'StateMachineArn',
    'TableName',
    'UpstreamSecretPrefix',
  ]);
  expect(rendered(outputs['ApiUrl'])).toMatch(/^https:\/\/<Api\w+>\.execute-api\.ap-south-1\..+\/$/);
});
