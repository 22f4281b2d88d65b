import { toLoopState } from '#lambdas/chunk/loop.step-functions.ts';
import type { ChunkQueue } from '#lambdas/chunk/store.ts';
import type { Settings } from '#lambdas/platform/settings.ts';
import type { Clock, Ids } from '#lambdas/platform/system.ts';
import type { Telemetry } from '#lambdas/platform/telemetry.ts';
import type { FinPro } from '#lambdas/upstream/finpro.ts';
import { CHUNK_LOOP, QUEUES, RECOVERY } from '#lib/topology.ts';
import { type Bucket, bucketOf } from './bucket.ts';
import { UNCOUNTED } from './calls.ts';
import type { VirtualClock } from './clock.ts';
import { type Containers, containersOf, type Mutant } from './containers.ts';
import { CALM, type Disturbance } from './disturbance.ts';
import type { AllPorts } from './functions.ts';
import { type History, NO_HISTORY } from './history.ts';
import { direct, type Network, networkOf, type RemoteCall } from './network.ts';
import { type EventQueue, eventQueue } from './queue.ts';
import { sequentialIds } from './sequential-ids.ts';
import type { OpenStores, Stores } from './stores.ts';
import { type Workflow, workflowOf } from './workflow.ts';

export interface WorldOptions<S extends Stores> {
  readonly clock: VirtualClock;
  readonly finPro: FinPro;
  readonly openStores: (...parameters: Parameters<OpenStores>) => S;
  /** The settings of the code, by how often it was replaced. */
  readonly settingsOf: (version: number) => Settings;
  readonly telemetry: Telemetry;
  /** What goes otherwise than well; nothing unless given. */
  readonly disturbance?: Partial<Disturbance>;
  readonly history?: History;
  readonly ids?: Ids;
  readonly mutant?: Mutant | null;
  /** How long it takes to read an organisation's credentials, in milliseconds; no time unless given. */
  readonly credentialsTime?: () => number;
}

/**
 * The product and its surroundings on a virtual clock, wired as the stack in lib/ is: queue to start-chunk, state machine to advance-chunk,
 * bucket to ingest-file, recovery every minute. The functions are the real ones. Unit tests play it without faults, the fault simulation with
 * them, the benchmark with a meter.
 */
export interface World<S extends Stores> {
  readonly clock: VirtualClock;
  readonly history: History;
  /** May be changed at any time. */
  readonly disturbance: { -readonly [Name in keyof Disturbance]: Disturbance[Name] };
  readonly network: Network;
  readonly chunkQueue: EventQueue;
  readonly fileQueue: EventQueue;
  readonly workflow: Workflow;
  readonly bucket: Bucket;
  readonly containers: Containers;
  /** The settings of the code that is deployed now. */
  settings(): Settings;
  /** The ports of a worker whose calls go through `call`, by its clock. */
  portsOf(call?: RemoteCall, clock?: Clock): AllPorts & S;
  /** Puts new code with the next version's settings in place of the old. */
  deploy(): void;
  /** Connects queues and state machine with their functions, and starts recovery. */
  start(): void;
}

export function worldOf<S extends Stores>(options: WorldOptions<S>): World<S> {
  const { clock, finPro, openStores, settingsOf, telemetry, history = NO_HISTORY, ids = sequentialIds() } = options;
  const disturbance = { ...CALM, ...options.disturbance };
  const surroundings = { clock, disturbance, history };
  const network = networkOf(clock, disturbance, history);
  const chunkQueue = eventQueue('chunk-queue', limitsOf(QUEUES.chunk), surroundings);
  const fileQueue = eventQueue('file-queue', limitsOf(QUEUES.file), surroundings);
  const workflow = workflowOf(workflowLimits(settingsOf(0)), surroundings);
  const bucket = bucketOf(fileQueue);
  let version = 0;
  const settings = (): Settings => settingsOf(version);

  const portsOf: World<S>['portsOf'] = (call = direct, own = clock) => ({
    clock: own,
    ids,
    settings: settings(),
    // Counting callers changes no row, so nothing goes wrong with it.
    calls: UNCOUNTED,
    telemetry,
    queue: queueOf(chunkQueue, disturbance, call),
    loop: {
      start: (task, resumeAt) =>
        call('loop.start', () =>
          workflow.start(
            `${task.batchId}-${task.chunk}-${task.generation}`,
            toLoopState(task, { done: false, resumeAt }, resumeAt, settings().waitStep),
          ),
        ),
    },
    finPro: withCredentials(finPro, call, () => clock.wait(options.credentialsTime?.() ?? 0)),
    sortedFiles: { send: (file) => call('sortedFiles.send', () => fileQueue.send([JSON.stringify({ file })])) },
    ...bucket.portsFor(call),
    ...openStores(call, own, settings()),
  });
  const containers = containersOf(
    surroundings,
    network,
    (worker, own) => portsOf(worker.call, own),
    options.mutant ?? null,
  );

  const recoverEveryMinute = async (): Promise<void> => {
    for (;;) {
      await clock.wait(RECOVERY.interval * 1000);
      for (let time = 0; time < disturbance.recoveries(); time += 1) {
        void containers.invoke('recover-batches', {}).catch(() => {});
      }
    }
  };

  return {
    clock,
    history,
    disturbance,
    network,
    chunkQueue,
    fileQueue,
    workflow,
    bucket,
    containers,
    settings,
    portsOf,
    deploy: () => {
      version += 1;
      containers.deploy();
    },
    start: () => {
      chunkQueue.consumer = async (id, body) => isHandled(await containers.invoke('start-chunk', sqsEvent(id, body)));
      fileQueue.consumer = async (id, body) => isHandled(await containers.invoke('ingest-file', sqsEvent(id, body)));
      workflow.advance = (input) => containers.invoke('advance-chunk', input);
      void recoverEveryMinute();
    },
  };
}

/** FinPro as a worker calls it, which reads each organisation's credentials once, when it first needs them. */
function withCredentials(finPro: FinPro, call: RemoteCall, read: () => Promise<void>): FinPro {
  const reads = new Map<string, Promise<void>>();
  const known = new Set<string>();
  const prepare = (organisationId: string): Promise<void> => {
    const reading = reads.get(organisationId) ?? read().then(() => void known.add(organisationId));
    reads.set(organisationId, reading);
    return reading;
  };
  const send = <T>(name: string, organisationId: string, effect: () => Promise<T>): Promise<T> =>
    known.has(organisationId) ? call(name, effect) : prepare(organisationId).then(() => call(name, effect));
  return {
    prepare,
    requestFi: (...asked) => send('finPro.requestFi', asked[0], () => finPro.requestFi(...asked)),
    fiStatus: (...asked) => send('finPro.fiStatus', asked[0], () => finPro.fiStatus(...asked)),
    statusDocument: (...asked) => send('finPro.statusDocument', asked[0], () => finPro.statusDocument(...asked)),
    fiBalance: (...asked) => send('finPro.fiBalance', asked[0], () => finPro.fiBalance(...asked)),
  };
}

const limitsOf = ({ visibilityTimeout, maxReceiveCount, maxConcurrency }: (typeof QUEUES)[keyof typeof QUEUES]) => ({
  visibility: visibilityTimeout * 1000,
  maxReceives: maxReceiveCount,
  maxConcurrency,
});

const workflowLimits = ({ batchDeadline }: Settings) => ({
  retries: CHUNK_LOOP.retry.maxAttempts,
  firstRetry: CHUNK_LOOP.retry.interval * 1000,
  longest: batchDeadline + CHUNK_LOOP.timeoutBeyondDeadline * 1000,
});

/** The chunk queue as the adapter over SQS is: what could not be sent is said, not thrown. */
const queueOf = (queue: EventQueue, disturbance: Disturbance, call: RemoteCall): ChunkQueue => ({
  send: async (tasks) => {
    const messages = tasks.map((task) => {
      const { organisationId, referenceId, batchId, chunk, generation } = task;
      return { task, body: JSON.stringify({ organisationId, referenceId, batchId, chunk, generation }) };
    });
    const refused = messages.filter(({ body }) => disturbance.refuses(body));
    try {
      await call('queue.send', () => {
        queue.send(messages.filter((message) => !refused.includes(message)).map(({ body }) => body));
      });
      return refused.map(({ task }) => task);
    } catch {
      return tasks;
    }
  },
});

/** One message, as Lambda hands it to its function (a batch size of 1). */
const sqsEvent = (messageId: string, body: string): object => ({
  Records: [
    {
      messageId,
      body,
      receiptHandle: messageId,
      attributes: {},
      messageAttributes: {},
      md5OfBody: '',
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:ap-south-1:000000000000:queue',
      awsRegion: 'ap-south-1',
    },
  ],
});

const isHandled = (result: unknown): boolean => JSON.stringify(result) === '{"batchItemFailures":[]}';
