import { ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand, type QueueAttributeName, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { expect } from 'vitest';
import { z } from 'zod';
import { type AwsClients, type AwsEndpoints, awsClients } from './aws-clients.ts';
import { eventually } from './backstage.ts';

// Read as the item has it, whose attribute for the end of a lease is from the first release.
const chunk = z.object({ generation: z.number(), claimedUntil: z.number().optional() });
const redrivePolicy = z.object({ deadLetterTargetArn: z.string() });

const COUNTS: QueueAttributeName[] = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
];

/** What lies behind the API of a local cloud, and of which a batch that has ended must leave nothing but its rows. */
export class Leftovers {
  readonly #names: Readonly<Record<string, string>>;
  readonly #clients: AwsClients;

  constructor(endpoints: AwsEndpoints) {
    this.#names = endpoints.aws;
    this.#clients = awsClients(endpoints);
  }

  close(): void {
    this.#clients.close();
  }

  /**
   * Waits until there is no open batch, message or execution at all, and no lease on a chunk of this batch. Rejects, saying what there is, when that
   * does not come. Messages and executions that were overtaken end when they are next looked at.
   */
  async expectNone(organisationId: string, referenceId: string): Promise<void> {
    const nothing = { openBatches: 0, leases: 0, messages: 0, executions: 0 };
    let found: object = {};
    const isNothing = async (): Promise<boolean> => {
      const [openBatches, chunks, messages, executions] = await Promise.all([
        this.#openBatches(),
        this.chunks(organisationId, referenceId),
        this.messages(),
        this.executions(),
      ]);
      const leases = chunks.filter(({ claimedUntil }) => claimedUntil !== undefined).length;
      found = { openBatches, leases, messages, executions };
      return JSON.stringify(found) === JSON.stringify(nothing);
    };
    await eventually(isNothing, 'something is left behind').catch(() => expect(found).toEqual(nothing));
  }

  /** The states of a batch's chunks, in order. */
  async chunks(organisationId: string, referenceId: string): Promise<z.output<typeof chunk>[]> {
    const { Items } = await this.#clients.table.send(
      new QueryCommand({
        TableName: this.#names['table'],
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :state)',
        ExpressionAttributeValues: { ':pk': `ORG#${organisationId}#REF#${referenceId}`, ':state': 'STATE#' },
      }),
    );
    return z.array(chunk).min(1).parse(Items);
  }

  /** How many messages the chunk queue has, those included that are hidden. */
  async messages(): Promise<number> {
    const attributes = await this.#attributes(COUNTS);
    return COUNTS.reduce((sum, name) => sum + Number(attributes[name]), 0);
  }

  /** How many executions are running. */
  async executions(): Promise<number> {
    const stateMachineArn = this.#names['stateMachineArn'];
    const running = new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: 1000 });
    const { executions = [] } = await this.#clients.stepFunctions.send(running);
    return executions.length;
  }

  /** The bodies in the dead-letter queue of the chunk queue, up to 10; each is hidden for a while once it was read. */
  async deadLetters(): Promise<unknown[]> {
    const { RedrivePolicy } = await this.#attributes(['RedrivePolicy']);
    const { deadLetterTargetArn } = redrivePolicy.parse(JSON.parse(RedrivePolicy ?? '{}'));
    const QueueUrl = this.#names['chunkQueueUrl']?.replace(/[^/]+$/, deadLetterTargetArn.split(':').at(-1) ?? '');
    const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
    const { Messages = [] } = await this.#clients.sqs.send(receive);
    return Messages.map(({ Body }): unknown => JSON.parse(Body ?? ''));
  }

  async #attributes(AttributeNames: QueueAttributeName[]): Promise<Readonly<Record<string, string>>> {
    const QueueUrl = this.#names['chunkQueueUrl'];
    const ask = new GetQueueAttributesCommand({ QueueUrl, AttributeNames });
    return (await this.#clients.sqs.send(ask)).Attributes ?? {};
  }

  async #openBatches(): Promise<number> {
    const { Count } = await this.#clients.table.send(
      new QueryCommand({
        TableName: this.#names['table'],
        IndexName: this.#names['openBatchesIndex'],
        KeyConditionExpression: 'openBatches = :open',
        ExpressionAttributeValues: { ':open': 'open' },
      }),
    );
    return z.number().parse(Count);
  }
}
