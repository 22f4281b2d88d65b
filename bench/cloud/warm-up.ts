import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { SFNClient } from '@aws-sdk/client-sfn';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { stepFunctionsChunkLoop } from '#lambdas/chunk/loop.step-functions.ts';
import { sqsChunkQueue } from '#lambdas/chunk/queue.sqs.ts';
import type { LocalCloud } from '#local/cloud.ts';
import { SETTINGS } from '../subject.ts';
import { untilExecutionsEnd } from './until-executions-end.ts';

/** Enough messages for each poller of the queue to find some. */
const MESSAGES_A_CONTAINER = 5;
const LOOK_EVERY = 200;
const LOOKS = 600;

/**
 * Starts containers of both chunk workers by giving them chunks that don't exist, with which they are done at once. Two cores take some seconds to
 * start as many as a batch needs, which a time scale makes half of a rate window; Lambda starts each as fast as one. Returns how many
 * executions there have been then.
 */
export async function warmUp(cloud: LocalCloud, organisationId: string, containers: number): Promise<number> {
  const sqs = new SQSClient(cloud.clientOptions);
  const states = new SFNClient(cloud.clientOptions);
  const queueUrl = cloud.environmentOf('CHUNK_QUEUE_URL') ?? '';
  const task = { organisationId, referenceId: 'none', batchId: randomUUID(), generation: 1 };
  const tasks = Array.from({ length: MESSAGES_A_CONTAINER * containers }, (_, chunk) => ({ ...task, chunk }));
  try {
    const unsent = await sqsChunkQueue(queueUrl, { warn: console.error }, sqs).send(tasks);
    if (unsent.length > 0) throw new Error("the chunk queue doesn't take messages");
    await untilEmpty(sqs, queueUrl);
    const loop = stepFunctionsChunkLoop(cloud.environmentOf('STATE_MACHINE_ARN') ?? '', SETTINGS.waitStep, states);
    await Promise.all(tasks.slice(0, containers).map((some) => loop.start(some, Date.now())));
    await untilExecutionsEnd(cloud, containers);
    return containers;
  } finally {
    sqs.destroy();
    states.destroy();
  }
}

/** Waits until a queue has no message, in flight or not. Throws after two minutes. */
async function untilEmpty(sqs: SQSClient, QueueUrl: string): Promise<void> {
  for (let look = 0; look < LOOKS; look += 1) {
    const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }));
    const { ApproximateNumberOfMessages: waiting, ApproximateNumberOfMessagesNotVisible: inFlight } = Attributes;
    if (waiting === '0' && inFlight === '0') return;
    await wait(LOOK_EVERY);
  }
  throw new Error(`${QueueUrl} didn't get empty`);
}
