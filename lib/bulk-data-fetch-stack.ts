import { Annotations, CfnOutput, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { Api } from './api.ts';
import { type Deployment, EXAMPLE_FINPRO_BASE_URL } from './deployment.ts';
import { FileStore } from './file-store.ts';
import { Firewall } from './firewall.ts';
import { Intake } from './intake.ts';
import { ServiceMetrics } from './monitoring/metrics.ts';
import { functionsUnder, queuesUnder } from './monitoring/monitored.ts';
import { Observability } from './monitoring/monitoring.ts';
import { acknowledge } from './nag.ts';
import { Pipeline } from './pipeline.ts';
import { Recovery } from './recovery.ts';
import { Storage } from './storage.ts';
import { upstreamSecretPrefix } from './topology.ts';

export interface BulkDataFetchStackProps {
  readonly deployment: Deployment;
}

/** The whole service in one stack. It names no account: that is whose credentials deploy it. */
export class BulkDataFetchStack extends Stack {
  constructor(scope: Construct, id: string, { deployment }: BulkDataFetchStackProps) {
    const { stage, region, finproBaseUrl } = deployment;
    super(scope, id, {
      description: `Bulk FI requests for Account Aggregator consents (${stage.name})`,
      env: { region },
      tags: { service: 'bulk-data-fetch', stage: stage.name },
      terminationProtection: stage.protected,
    });
    if (stage.name === 'prod' && finproBaseUrl === EXAMPLE_FINPRO_BASE_URL) {
      Annotations.of(this).addWarningV2('bulk-data-fetch:upstream', 'No upstream: set -c finproBaseUrl=https://…');
    }
    if (stage.name === 'prod' && deployment.alarmAddress === null) {
      Annotations.of(this).addWarningV2('bulk-data-fetch:alarms', 'Alarms reach nobody: set -c alarmAddress=…');
    }

    const storage = new Storage(this, 'Storage', { stage, existingTable: deployment.table });
    const fileStore = new FileStore(this, 'FileStore', { stage });
    const { chunks, loop } = new Pipeline(this, 'Pipeline', { deployment, storage, fileStore });
    new Intake(this, 'Intake', { stage, storage, fileStore, chunks });
    const api = new Api(this, 'Api', { deployment, storage, fileStore, chunks });
    const recovery = new Recovery(this, 'Recovery', { stage, storage, fileStore, chunks });

    const { deploymentStage } = api.restApi;
    if (deployment.waf) new Firewall(this, 'Firewall', { stage, protects: deploymentStage });
    else acknowledge(deploymentStage, 'APIG3', 'Switched off for this deployment: -c waf=on has one.');
    const apiFunctions = functionsUnder(api);
    const { alarmTopic, dashboardName } = new Observability(this, 'Observability', {
      deployment,
      watched: {
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

    const outputs = {
      AlarmTopicArn: alarmTopic.topic.topicArn,
      ApiUrl: api.restApi.url,
      DashboardName: dashboardName,
      TableName: storage.table.tableName,
      BucketName: fileStore.bucket.bucketName,
      ChunkQueueUrl: chunks.queue.queueUrl,
      ChunkDeadLetterQueueUrl: chunks.deadLetters.queueUrl,
      StateMachineArn: loop.stateMachine.stateMachineArn,
      UpstreamSecretPrefix: upstreamSecretPrefix(stage.name),
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
