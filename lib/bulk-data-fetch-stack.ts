import { Annotations, CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Api } from './api.ts';
import { type Deployment, EXAMPLE_FINPRO_BASE_URL } from './deployment.ts';
import { FileStore } from './file-store.ts';
import { Firewall } from './firewall.ts';
import { Intake } from './intake.ts';
import { ServiceMetrics } from './monitoring/metrics.ts';
import { functionsUnder, queuesUnder } from './monitoring/monitored.ts';
import { Monitoring } from './monitoring/monitoring.ts';
import { suppressNag } from './nag.ts';
import { Pipeline } from './pipeline.ts';
import { Recovery } from './recovery.ts';
import { Storage } from './storage.ts';
import { upstreamSecretPrefix } from './topology.ts';

export interface BulkDataFetchStackProps {
  readonly deployment: Deployment;
}

/** The whole service in one stack. It names no account: the credentials that deploy it decide. */
export class BulkDataFetchStack extends Stack {
  constructor(scope: Construct, id: string, { deployment }: BulkDataFetchStackProps) {
    const { stage, region, finproBaseUrl } = deployment;
    super(scope, id, {
      description: `Bulk FI requests for Account Aggregator consents (${stage.name})`,
      env: { region },
      tags: { service: 'bulk-data-fetch', stage: stage.name },
      terminationProtection: stage.deletionProtection,
    });
    if (stage.name === 'prod' && finproBaseUrl === EXAMPLE_FINPRO_BASE_URL) {
      Annotations.of(this).addWarningV2(
        'bulk-data-fetch:upstream',
        'No upstream is configured: set -c finproBaseUrl=https://…',
      );
    }
    if (stage.name === 'prod' && deployment.alarmAddress === null) {
      Annotations.of(this).addWarningV2(
        'bulk-data-fetch:alarms',
        'Nobody is notified of alarms: set -c alarmAddress=…',
      );
    }

    const storage = new Storage(this, 'Storage', { stage, existingTableName: deployment.tableName });
    const fileStore = new FileStore(this, 'FileStore', { stage });
    const { chunks, loop } = new Pipeline(this, 'Pipeline', { deployment, storage, fileStore });
    new Intake(this, 'Intake', { stage, storage, fileStore, chunks });
    const api = new Api(this, 'Api', { deployment, storage, fileStore, chunks });
    const recovery = new Recovery(this, 'Recovery', { stage, storage, fileStore, chunks });

    const { deploymentStage } = api.restApi;
    if (deployment.waf) new Firewall(this, 'Firewall', { stage, apiStage: deploymentStage });
    else suppressNag(deploymentStage, 'APIG3', 'The firewall is switched off for this deployment; -c waf=on adds it.');
    const apiFunctions = functionsUnder(api);
    // The construct's id is older than its class; another id would replace the alarms and the dashboard.
    const { alarmTopic, dashboardName } = new Monitoring(this, 'Observability', {
      deployment,
      monitored: {
        metrics: new ServiceMetrics(stage),
        apiFunctions,
        workers: functionsUnder(this).filter((one) => !apiFunctions.includes(one)),
        recovery: recovery.recoverBatches,
        queues: queuesUnder(this),
        loop,
        restApi: api.restApi,
        storage,
      },
    });

    const outputs: Readonly<Record<string, readonly [value: string, description: string]>> = {
      AlarmTopicArn: [alarmTopic.topic.topicArn, 'SNS topic that is notified when an alarm is raised or is over'],
      ApiUrl: [api.restApi.url, 'Base URL of the API'],
      DashboardName: [dashboardName, 'CloudWatch dashboard; open it first when an alarm is raised'],
      TableName: [storage.table.tableName, 'DynamoDB table of batches, chunks and clients'],
      BucketName: [fileStore.bucket.bucketName, 'S3 bucket: drop/, uploads/ and drop-reports/'],
      ChunkQueueUrl: [chunks.queue.queueUrl, 'SQS queue of chunks to start'],
      ChunkDeadLetterQueueUrl: [chunks.deadLetterQueue.queueUrl, 'Messages of chunks that could not be started'],
      StateMachineArn: [loop.stateMachine.stateMachineArn, 'State machine with one execution per chunk and generation'],
      UpstreamSecretPrefix: [
        upstreamSecretPrefix(stage.name),
        'Names of secrets with FinPro credentials begin with this; the organisation id follows',
      ],
    };
    for (const [name, [value, description]] of Object.entries(outputs))
      new CfnOutput(this, name, { value, description });
  }
}
