import { createHash } from 'node:crypto';
import type { Client } from '#lambdas/clients/client.ts';
import type { ScriptedFinPro } from '../world/scripted-fin-pro.ts';
import { sequentialIds } from '../world/sequential-ids.ts';
import type { VirtualClock } from '../world/virtual-clock.ts';
import { bucketOf } from './bucket.ts';
import { type Cluster, clusterOf, type Storage, type Surroundings } from './cluster.ts';
import { type EventQueue, eventQueue, type QueueWorld } from './event-queue.ts';
import type { History } from './history.ts';
import type { Mutant } from './mutants.ts';
import type { Plan, Tenant } from './plan.ts';
import { randomOf } from './random.ts';
import type { Scenario } from './scenario.ts';
import { stateMachine } from './state-machine.ts';
import { networkOf } from './unreliable-calls.ts';
import { upstreamOf, withMarkedBalances } from './upstream.ts';

/** The product and its surroundings, wired as the stack in lib/ is: queue to start-chunk, loop to advance-chunk, bucket to ingest-file, recovery every minute. */
export interface Wiring {
  readonly world: Surroundings;
  readonly cluster: Cluster;
  readonly finPro: ScriptedFinPro;
  readonly fileQueue: EventQueue;
  /** Batches of which something was written since they were last taken from here, as `referenceKey`. */
  readonly written: Set<string>;
}

export const referenceKey = (of: { readonly organisationId: string; readonly referenceId: string }): string =>
  JSON.stringify([of.organisationId, of.referenceId]);

const MINUTE = 60_000;

export function wire(
  seed: number,
  { plan, mix, settingsOf }: Scenario,
  clock: VirtualClock,
  history: History,
  mutant: Mutant | null,
): Wiring {
  const random = randomOf(seed, 'chance');
  const network = networkOf(clock, mix, random, history);
  const base: QueueWorld = { clock, mix, random, network, history };
  const written = new Set<string>();
  const chunkQueue = eventQueue('chunk-queue', base);
  const fileQueue = eventQueue('file-queue', base);
  const loop = stateMachine(base, settingsOf(0).batchDeadline);
  const finPro = upstreamOf({ ...base, ids: sequentialIds(0x5e55), plan, rateLimit: settingsOf(0).upstream });
  let version = 0;
  const world: Surroundings = {
    ...base,
    storage: storageOf(plan, (key) => void written.add(key)),
    chunkQueue,
    loop,
    bucket: bucketOf(fileQueue),
    finPro: withMarkedBalances(finPro),
    ids: sequentialIds(),
    settings: () => settingsOf(version),
    onState: (key) => void written.add(referenceKey(key)),
    mutant,
  };
  const cluster = clusterOf(world);
  chunkQueue.consume = async (messageId, body) =>
    isHandled(await cluster.invoke('start-chunk', sqsEvent(messageId, body)));
  fileQueue.consume = async (messageId, body) =>
    isHandled(await cluster.invoke('ingest-file', sqsEvent(messageId, body)));
  loop.advance = (input) => cluster.invoke('advance-chunk', input);

  const deploy = async (at: number): Promise<void> => {
    await clock.wait(at);
    version += 1;
    cluster.deploy();
  };
  for (const at of mix.deploys) void deploy(at);
  const recover = async (): Promise<void> => {
    for (;;) {
      await clock.wait(MINUTE);
      if (random.chance(network.shareNow(mix.recovery.left))) continue;
      const times = random.chance(network.shareNow(mix.recovery.doubled)) ? 2 : 1;
      for (let time = 0; time < times; time += 1) void cluster.invoke('recover-batches', {}).catch(() => {});
    }
  };
  void recover();
  return { world, cluster, finPro, fileQueue, written };
}

/** One message, as Lambda hands it to its function (lib/work-queue.ts: a batch size of 1). */
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

/** Salted once for all histories: what is stored of a secret changes nothing in them. */
const hashes = new Map<string, string>();
function hashOf(secret: string): string {
  const hash = hashes.get(secret) ?? createHash('sha256').update(Buffer.from('00', 'hex')).update(secret).digest('hex');
  hashes.set(secret, hash);
  return hash;
}

const clientOf = ({ client_id, organisationId, appIdentifier, client_secret }: Tenant): Client => ({
  clientId: client_id,
  organisationId,
  appIdentifiers: [appIdentifier],
  secrets: [{ salt: '00', hash: hashOf(client_secret), validUntil: null }],
  disabled: false,
});

/** @param onBatch called with the key of a batch item that was written */
function storageOf({ tenants }: Plan, onBatch: (key: string) => void): Storage {
  const batches: Storage['batches'] = new Map();
  const set = batches.set.bind(batches);
  batches.set = (key, item) => {
    onBatch(key);
    return set(key, item);
  };
  return {
    batches,
    chunks: new Map(),
    ledgers: new Map(),
    clients: new Map(tenants.map((tenant) => [tenant.client_id, clientOf(tenant)])),
  };
}
