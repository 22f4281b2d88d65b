import { setTimeout as wait } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, NoSuchKey, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ExecutionDoesNotExist, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import type { Environment } from '#local/environment.ts';

/** How long anything may take before it counts as stuck, in seconds. */
export const PATIENCE = 40;
const INTERVAL = 100;

/** Waits until something is so. Rejects with `otherwise` when it has not become so in a while. */
export async function eventually(isSo: () => Promise<boolean>, otherwise: string): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE * 1000;
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) throw new Error(otherwise);
    await wait(INTERVAL);
  }
}

/** What a test does to a running product behind its API: in its bucket, its table, its queue and its state machine. */
export class Backstage {
  readonly #environment: Environment;
  readonly #organisationId: string;
  readonly #table: DynamoDBDocumentClient;
  readonly #s3: S3Client;
  readonly #sqs: SQSClient;
  readonly #stepFunctions: SFNClient;

  constructor(environment: Environment, organisationId: string) {
    const { endpoints, cloud } = environment;
    const connection = {
      endpoint: endpoints.local,
      region: cloud.region,
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    };
    this.#environment = environment;
    this.#organisationId = organisationId;
    this.#table = DynamoDBDocumentClient.from(new DynamoDBClient(connection));
    this.#s3 = new S3Client({ ...connection, forcePathStyle: true });
    this.#sqs = new SQSClient(connection);
    this.#stepFunctions = new SFNClient(connection);
  }

  close(): void {
    for (const client of [this.#table, this.#s3, this.#sqs, this.#stepFunctions]) client.destroy();
  }

  /** Puts a CSV file into the drop folder. */
  async drop(referenceId: string, Body: string): Promise<void> {
    const object = this.#object(`drop/${this.#organisationId}/${referenceId}.csv`);
    await this.#s3.send(new PutObjectCommand({ ...object, Body }));
  }

  /** Waits for the report on a dropped file, and returns it. */
  async report(referenceId: string): Promise<string> {
    const object = this.#object(`drop-reports/${this.#organisationId}/${referenceId}.json`);
    let report = '';
    const isThere = async (): Promise<boolean> => {
      try {
        const { Body } = await this.#s3.send(new GetObjectCommand(object));
        report = (await Body?.transformToString()) ?? '';
        return true;
      } catch (error) {
        if (error instanceof NoSuchKey) return false;
        throw error;
      }
    };
    await eventually(isThere, `there is no report on ${referenceId}`);
    return report;
  }

  async isOpen(referenceId: string): Promise<boolean> {
    return (await this.#batchItem(referenceId))['openBatches'] !== undefined;
  }

  /** Takes back what the last writes of a batch of one chunk have changed. */
  async loseClosingWrite(referenceId: string): Promise<void> {
    await this.#table.send(
      new UpdateCommand({
        ...this.#batchKey(referenceId),
        UpdateExpression: 'SET openBatches = :open DELETE finishedChunks :chunk',
        ExpressionAttributeValues: { ':open': 'open', ':chunk': new Set([0]) },
      }),
    );
  }

  /** Sends the message of the first chunk of a batch once more. */
  async repeatMessage(referenceId: string): Promise<void> {
    const { batchId } = await this.#batchItem(referenceId);
    // Of the last generation, since messages of one before the chunk's own are passed over.
    const task = { organisationId: this.#organisationId, referenceId, batchId, chunk: 0, generation: 5 };
    const QueueUrl = this.#environment.endpoints.aws['chunkQueueUrl'];
    await this.#sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(task) }));
  }

  /** Waits for the execution of the first chunk of a batch, of whatever generation, and aborts it. */
  async stopExecution(batchId: string): Promise<void> {
    const machine = z.string().parse(this.#environment.cloud.environmentOf('STATE_MACHINE_ARN'));
    const executions = `${machine.replace(':stateMachine:', ':execution:')}:${batchId}-0-`;
    const stop = async (generation: number): Promise<boolean> => {
      try {
        await this.#stepFunctions.send(new StopExecutionCommand({ executionArn: `${executions}${generation}` }));
        return true;
      } catch (error) {
        if (error instanceof ExecutionDoesNotExist) return false;
        throw error;
      }
    };
    // On a busy machine recovery may queue the chunk again before its first execution has started.
    const stopAny = async (): Promise<boolean> => (await Promise.all([1, 2, 3, 4, 5].map(stop))).includes(true);
    await eventually(stopAny, `no execution of ${batchId} has been started`);
  }

  async #batchItem(referenceId: string): Promise<Record<string, unknown>> {
    const { Item } = await this.#table.send(new GetCommand(this.#batchKey(referenceId)));
    return z.record(z.string(), z.unknown()).parse(Item);
  }

  #batchKey(referenceId: string) {
    const pk = `ORG#${this.#organisationId}#REF#${referenceId}`;
    return { TableName: this.#environment.endpoints.aws['table'], Key: { pk, sk: 'BATCH' } };
  }

  #object(Key: string) {
    return { Bucket: this.#environment.endpoints.aws['bucket'], Key };
  }
}
