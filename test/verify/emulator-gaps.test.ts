import { expect, test } from 'vitest';
import { withSimpleAlarms } from '#verify/emulator-gaps.ts';

const stat = (MetricName: string) => ({
  MetricStat: { Metric: { MetricName, Namespace: 'ours' }, Period: 300, Stat: 'Sum' },
});
const others = { AlarmName: 'one', Threshold: 5 };

test('an alarm with a list of metrics looks at the first of them, and everything else stays', () => {
  const Resources = {
    Math: {
      Type: 'AWS::CloudWatch::Alarm',
      Properties: { ...others, Metrics: [{ Id: 'sum', Expression: 'a + b' }, stat('A'), stat('B')] },
    },
    Plain: { Type: 'AWS::CloudWatch::Alarm', Properties: { ...others, MetricName: 'C', Namespace: 'ours' } },
    Queue: { Type: 'AWS::SQS::Queue' },
  };
  const { text, simplified } = withSimpleAlarms({ Resources, Outputs: {} });
  expect(simplified).toBe(1);
  expect(JSON.parse(text)).toEqual({
    Outputs: {},
    Resources: {
      ...Resources,
      Math: {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: { ...others, MetricName: 'A', Namespace: 'ours', Period: 300, Statistic: 'Sum' },
      },
    },
  });
});

test('an alarm without any metric is an error', () => {
  const Alarm = { Type: 'AWS::CloudWatch::Alarm', Properties: { Metrics: [{ Id: 'x', Expression: '1' }] } };
  expect(() => withSimpleAlarms({ Resources: { Alarm } })).toThrow('Alarm has no metric');
});
