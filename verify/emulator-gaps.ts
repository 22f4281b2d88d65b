import { readFile, writeFile } from 'node:fs/promises';
import { GetQueueAttributesCommand, SetQueueAttributesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { z } from 'zod';

// What the emulator lacks or does otherwise than AWS, and what is done about it here: nothing of it is done in the stack. What it leaves out
// without a word (how often a queue delivers, when items and objects expire, names of a function's own errors in Retry) needs nothing.

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
 * The emulator makes no alarm that has its metrics as a list, as all with a label or with an expression have. In its template these
 * alarms look at the first of their metrics only. Returns how many there are. It evaluates no alarm here: what alarms say is tested against the
 * template as it is.
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
    if (stat === undefined) throw new Error(`${logicalId} looks at no metric`);
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
 * On AWS, `sqs:SendMessage` is the permission of SendMessageBatch as well; the emulator asks for an `sqs:SendMessageBatch`, which AWS does not
 * have. So here the queue's policy allows that to the roles of the deployed stack: for this one call the emulator does not look at
 * roles. The test of permissions against the local cloud does.
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
