import { readFile, writeFile } from 'node:fs/promises';
import { GetQueueAttributesCommand, SetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';

// What the emulator lacks or does differently from AWS, and how we work around it here, not in the stack. What it
// ignores silently (a queue's maximum receives, expiry of items and objects, names of a function's own errors in Retry)
// needs no workaround.

const templateSchema = z.looseObject({
  Resources: z.record(
    z.string(),
    z.looseObject({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).optional() }),
  ),
});
const metricsSchema = z.array(
  z.looseObject({
    MetricStat: z
      .object({
        Metric: z.looseObject({ MetricName: z.string(), Namespace: z.string() }),
        Period: z.number(),
      })
      .optional(),
  }),
);

/**
 * The emulator can't create alarms with a list of metrics, as those with a label or an expression have. In its template
 * they get their first metric only. Returns their number. Nothing is lost: alarms are tested against the original
 * template.
 */
export async function simplifyAlarms(templatePath: string): Promise<number> {
  const template = templateSchema.parse(JSON.parse(await readFile(templatePath, 'utf8')));
  const { text, simplified } = withSimpleAlarms(template);
  await writeFile(templatePath, text);
  return simplified;
}

export function withSimpleAlarms(template: z.output<typeof templateSchema>): {
  readonly text: string;
  readonly simplified: number;
} {
  let simplified = 0;
  const resources = Object.entries(template.Resources).map(([logicalId, resource]) => {
    if (resource.Type !== 'AWS::CloudWatch::Alarm' || resource.Properties?.['Metrics'] === undefined) {
      return [logicalId, resource];
    }
    const { Metrics, ...others } = resource.Properties;
    const stat = metricsSchema.parse(Metrics).find(({ MetricStat }) => MetricStat !== undefined)?.MetricStat;
    if (stat === undefined) throw new Error(`${logicalId} has no metric`);
    simplified += 1;
    const { MetricName, Namespace } = stat.Metric;
    return [
      logicalId,
      { ...resource, Properties: { ...others, MetricName, Namespace, Period: stat.Period, Statistic: 'Sum' } },
    ];
  });
  return { text: JSON.stringify({ ...template, Resources: Object.fromEntries(resources) }), simplified };
}

const policySchema = z.looseObject({ Statement: z.array(z.unknown()) });

/**
 * On AWS `sqs:SendMessage` also permits SendMessageBatch; the emulator requires `sqs:SendMessageBatch`, which AWS
 * doesn't have. So the queue's policy grants it to the roles of the deployed stack.
 * `test/end-to-end/permissions.test.ts` checks the real permission against the local cloud.
 */
export async function allowBatchesOfMessages(sqs: SQSClient, QueueUrl: string, stackName: string): Promise<void> {
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy', 'QueueArn'] }),
  );
  const { Policy, QueueArn } = z.object({ Policy: z.string(), QueueArn: z.string() }).parse(Attributes);
  const policy = policySchema.parse(JSON.parse(Policy));
  policy.Statement.push({
    Effect: 'Allow',
    Principal: '*',
    Action: 'sqs:SendMessageBatch',
    Resource: QueueArn,
    Condition: { ArnLike: { 'aws:PrincipalArn': `arn:aws:sts::*:assumed-role/${stackName}-*` } },
  });
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: JSON.stringify(policy) } }));
}
