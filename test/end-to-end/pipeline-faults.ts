import { ListExecutionsCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { z } from 'zod';
import { type AwsClients, type AwsEndpoints, awsClients } from './aws-clients.ts';

const oldContent = z.object({ content: z.instanceof(Uint8Array) });

/** What can happen to a running pipeline, done with the calls of AWS. */
export class PipelineFaults {
  readonly #names: Readonly<Record<string, string>>;
  readonly #clients: AwsClients;

  constructor(endpoints: AwsEndpoints) {
    this.#names = endpoints.aws;
    this.#clients = awsClients(endpoints);
  }

  close(): void {
    this.#clients.close();
  }

  /** Deletes every message of the chunk queue, in flight or not. */
  async purgeQueue(): Promise<void> {
    await this.#clients.sqs.send(new PurgeQueueCommand({ QueueUrl: this.#names['chunkQueueUrl'] }));
  }

  /** Aborts the executions that run now; resolves to how many there were. */
  async abortExecutions(): Promise<number> {
    const { stepFunctions } = this.#clients;
    const stateMachineArn = this.#names['stateMachineArn'];
    const running = new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: 1000 });
    const { executions = [] } = await stepFunctions.send(running);
    const stopped = executions.map(({ executionArn }) =>
      stepFunctions.send(new StopExecutionCommand({ executionArn })),
    );
    return (await Promise.all(stopped)).length;
  }

  /** Makes the input of a chunk unreadable, so that every advance of it throws; what it resolves to puts it right again. */
  async poison(organisationId: string, batchId: string, chunk: number): Promise<() => Promise<void>> {
    const Key = { pk: `ORG#${organisationId}#BATCH#${batchId}`, sk: `INPUT#${String(chunk).padStart(4, '0')}` };
    const write = (content: Uint8Array) =>
      this.#clients.table.send(
        new UpdateCommand({
          TableName: this.#names['table'],
          Key,
          UpdateExpression: 'SET content = :content',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':content': content },
          ReturnValues: 'UPDATED_OLD',
        }),
      );
    const { content } = oldContent.parse((await write(Uint8Array.of(0xff))).Attributes);
    return async () => {
      await write(content);
    };
  }
}
