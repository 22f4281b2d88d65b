import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { RestApi } from './api/rest-api.ts';
import { AwsFront } from './aws-front.ts';
import { CallRecord } from './call-record.ts';
import { DynamoDb } from './dynamodb/dynamodb.ts';
import { DynamoEngine } from './dynamodb/engine.ts';
import type { Item } from './dynamodb/item-size.ts';
import { createTables } from './dynamodb/tables.ts';
import { fauxqsInternals } from './fauxqs.ts';
import { inThreads } from './lambda/container-pools.ts';
import { type ContainerLimits, DEFAULT_LIMITS } from './lambda/containers.ts';
import { FunctionLogs } from './lambda/function-log.ts';
import { functionModels } from './lambda/function-models.ts';
import { buildContainerScript, Lambda } from './lambda/lambda.ts';
import { Meter } from './meter.ts';
import { queueEvents } from './s3/outbox.ts';
import { S3 } from './s3/s3.ts';
import { Schedules } from './schedules.ts';
import { SecretsManager } from './secrets-manager.ts';
import { eventSources, Poller } from './sqs/event-source.ts';
import { openFauxqs } from './sqs/fauxqs-queues.ts';
import { Sqs } from './sqs/sqs.ts';
import { State } from './state.ts';
import { StepFunctions } from './step-functions/step-functions.ts';
import { synthesize } from './synthesize.ts';
import type { Assembly } from './template/assembly.ts';
import { StackResources } from './template/resources.ts';

export interface LocalCloudOptions {
  /** A stack synthesized before; without one, the app of cdk.json is synthesized. */
  readonly assembly?: Assembly;
  /** 0, as without a value, takes a free port. */
  readonly ports?: { readonly api?: number; readonly aws?: number };
  /** Runs when everything answers and nothing works yet: no message, execution or schedule. */
  readonly prepare?: (cloud: LocalCloud) => Promise<void>;
  /** What every duration of the product is multiplied by. */
  readonly timeScale?: number;
  /**
   * What the limits of the machine are multiplied by: the functions' timeouts, and settings in `_MILLISECONDS`, which stay well below
   * these. They bound work that takes as long as it takes, so they are no part of `timeScale`; 1 unless given.
   */
  readonly machineScale?: number;
  /** Where data and logs are kept; without it, nothing is. */
  readonly stateDir?: string;
  /** Replace environment variables that functions have, such as the address of an upstream. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly limits?: Partial<ContainerLimits>;
}

/** What a client of the AWS SDK is made with to call the local cloud. */
export interface ClientOptions {
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** A running local cloud. */
export interface LocalCloud {
  readonly region: string;
  /** The base URLs of the REST API and of everything that an AWS SDK calls, which also has `/_local/meter` and `/_local/calls`. */
  readonly endpoints: { readonly api: string; readonly aws: string };
  readonly clientOptions: ClientOptions;
  /** The same for who only looks on: DynamoDB alone, neither counted nor recorded. */
  readonly unmetered: ClientOptions;
  readonly meter: Meter;
  readonly record: CallRecord;
  readonly secrets: SecretsManager;
  readonly state: State;
  /** The value of an environment variable that the template gives to its functions; undefined where none has it. */
  environmentOf(name: string): string | undefined;
  /** The bodies of messages that an earlier local cloud was working on when it ended. */
  readonly interrupted: readonly string[];
  /** Tells of each write of one item, by its key or as a whole, once it is done. */
  onWrite(listener: (item: Item) => void): void;
  /** Deletes every message of a queue (by URL), in flight or not. */
  purgeQueue(url: string): void;
  /** Aborts every running execution of every state machine, and returns how many there were. */
  abortExecutions(): number;
  /** Kills every container in the middle of what it does. */
  killContainers(): Promise<void>;
  /** Stops in order. What was under way goes on at the next start with the same `stateDir`. */
  close(): Promise<void>;
}

/**
 * Starts everything that the template describes, on 127.0.0.1: its REST API, functions, queues, buckets, tables, state machines and
 * schedules. Rejects, with everything stopped again, when a port or the state directory is taken or the template holds what cannot be
 * run here.
 */
export async function startLocalCloud(options: LocalCloudOptions = {}): Promise<LocalCloud> {
  const closers: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return await start(options, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  { timeScale = 1, machineScale = 1, ...options }: LocalCloudOptions,
  closers: (() => unknown)[],
  close: () => Promise<void>,
): Promise<LocalCloud> {
  const stateDir = options.stateDir === undefined ? undefined : resolve(options.stateDir);
  const folder = stateDir ?? (await mkdtemp(join(tmpdir(), 'local-cloud-')));
  if (stateDir === undefined) closers.push(() => rm(folder, { recursive: true, force: true }));
  const state = new State(stateDir);
  closers.push(() => state.close());
  /** Undefined, which every part takes as "in memory", where nothing is kept. */
  const kept = (name: string): string | undefined => (stateDir === undefined ? undefined : join(stateDir, name));

  const meter = new Meter();
  const record = new CallRecord();
  const assembly = options.assembly ?? (await synthesize(join(folder, 'assembly')));
  const front = new AwsFront(meter, record);
  const aws = await front.listen(options.ports?.aws ?? 0);
  closers.push(() => front.close());
  const resources = new StackResources(assembly, aws);

  const engine = new DynamoEngine(kept('dynamodb'));
  closers.push(() => engine.close());
  await engine.start();
  const tables = await createTables(engine, resources);
  const dynamoDb = new DynamoDb(engine, tables, meter);
  front.add(dynamoDb);
  const unmetered = new AwsFront(new Meter(), new CallRecord());
  const unmeteredUrl = await unmetered.listen(0);
  closers.push(() => unmetered.close());
  unmetered.add(new DynamoDb(engine, tables, new Meter()));

  const secrets = new SecretsManager(state, resources.place, meter);
  front.add(secrets);

  const logs = new FunctionLogs(kept('logs'), meter);
  closers.push(() => logs.close());
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const functions = functionModels(resources, { timeScale, machineScale, overrides: options.environment ?? {} });
  const makePool = inThreads(await buildContainerScript(folder));
  const lambda = new Lambda(functions, makePool, limits, { meter, record, logs });
  closers.push(() => lambda.close());

  const fauxqs = await fauxqsInternals();
  const sqs = new Sqs(await openFauxqs(fauxqs, kept('sqs')), resources, meter, timeScale);
  let polling: Promise<unknown> = Promise.resolve();
  closers.push(() => sqs.close(polling));
  front.add(sqs);

  const s3 = new S3(state, join(folder, 's3'), resources, queueEvents(front, sqs), { fauxqs, meter, record });
  closers.push(() => s3.close());
  front.addHttp(s3);

  const stepFunctions = new StepFunctions(resources, lambda, state, { meter, record, timeScale });
  front.add(stepFunctions);
  closers.push(() => stepFunctions.close());

  const pollers = eventSources(resources, sqs, functions).map(
    (source) => new Poller(source, limits.perFunction, { sqs, front, lambda, record }),
  );
  const schedules = new Schedules(resources, lambda, record, timeScale);
  const restApi = new RestApi(resources, lambda, meter, record);
  const api = await restApi.listen(options.ports?.api ?? 0);
  closers.push(() => restApi.close());

  const { region } = assembly;
  const clientOptions = { endpoint: aws, region, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  const cloud: LocalCloud = {
    region,
    endpoints: { api, aws },
    clientOptions,
    unmetered: { ...clientOptions, endpoint: unmeteredUrl },
    meter,
    record,
    secrets,
    state,
    environmentOf: (name) => functions.map(({ environment }) => environment[name]).find((value) => value !== undefined),
    interrupted: sqs.interrupted,
    onWrite: (listener) => dynamoDb.onWrite(listener),
    purgeQueue: (url) => sqs.purge(url),
    abortExecutions: () => stepFunctions.abortAll(),
    killContainers: () => lambda.killContainers(),
    close,
  };
  await options.prepare?.(cloud);

  polling = Promise.all(pollers.map((poller) => poller.start()));
  closers.push(() => {
    for (const poller of pollers) poller.stop();
  });
  schedules.start();
  closers.push(() => schedules.stop());
  stepFunctions.resume();
  s3.start();
  return cloud;
}
