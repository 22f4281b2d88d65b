import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { Deployment } from '#lib/deployment.ts';

export interface AlarmTopicProps {
  readonly deployment: Deployment;
}

/** Where alarms go: a topic, and the deployment's address (`-c alarmAddress=…`), whose owner confirms the subscription by mail once. */
export class AlarmTopic extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, { deployment: { stage, alarmAddress } }: AlarmTopicProps) {
    super(scope, id);
    const alarms = new ServicePrincipal('cloudwatch.amazonaws.com');
    // CloudWatch couldn't publish to a topic under the AWS managed key for SNS, because nobody can change that key's policy.
    const key = new Key(this, 'Key', {
      description: `Encrypts the alarm topic of bulk-data-fetch-${stage.name}`,
      enableKeyRotation: true,
      // Nothing encrypted with it outlives the topic.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    key.addToResourcePolicy(
      new PolicyStatement({ principals: [alarms], actions: ['kms:Decrypt', 'kms:GenerateDataKey*'], resources: ['*'] }),
    );
    this.topic = new Topic(this, 'Topic', {
      topicName: `bulk-data-fetch-${stage.name}-alarms`,
      displayName: `Bulk Data Fetch, ${stage.name}`,
      masterKey: key,
      enforceSSL: true,
    });
    // A topic with a policy loses the default one, which lets services of the same account publish.
    this.topic.addToResourcePolicy(
      new PolicyStatement({
        principals: [alarms],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    if (alarmAddress !== null) this.topic.addSubscription(new EmailSubscription(alarmAddress));
  }
}
