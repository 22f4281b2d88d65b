import '../world/production-telemetry.ts';
import type { StoredBatch } from '#lambdas/batch/store.ts';
import { referenceOf } from '../world/batches.ts';
import { virtualClock } from '../world/clock.ts';
import { historyOn } from '../world/history.ts';
import { randomOf } from '../world/random.ts';
import { START } from '../world/start.ts';
import { virtualTimers } from '../world/table/timers.ts';
import { apiClients } from './clients.ts';
import { checkEnd } from './end-checks.ts';
import type { FaultMix } from './fault-mix.ts';
import type { LogLines } from './log-lines.ts';
import { MUTANTS, type MutantName } from './mutants.ts';
import { observerOf, type Sight } from './observer.ts';
import { pairScenario } from './pairs.ts';
import { type Scenario, scenarioOf } from './scenario.ts';
import type { StoreKind } from './stored.ts';
import { invariant, Violation } from './violation.ts';
import { wire } from './wiring.ts';

/** What a number means: the seed that a history is drawn from, or the place of two faults in one that is always the same. */
export const HISTORY_KINDS = ['seed', 'pair'] as const;
export type HistoryKind = (typeof HISTORY_KINDS)[number];

/** Which of a number's histories is played. */
export interface Variant {
  /** A seed unless given. */
  readonly history?: HistoryKind | undefined;
  readonly mutant?: MutantName | undefined;
  /** What the stores are; maps in memory unless given. */
  readonly stores?: StoreKind | undefined;
}

export interface SimulationOptions extends Variant {
  readonly keepHistory?: boolean;
  /** Another scenario than the seed's. */
  readonly scenario?: Scenario;
}

/** How a history ended. `broken` says which promise was not kept. */
export interface Outcome {
  readonly seed: number;
  readonly variant: Variant;
  readonly broken: string | null;
  readonly families: FaultMix['families'];
  readonly rows: number;
  /** Of these, how many recovery gave up. */
  readonly givenUp: number;
  /** Virtual seconds. */
  readonly seconds: number;
  readonly history: readonly string[];
}

const LONGEST_INVOCATION = 60_000;
/** How long after its deadline a batch may need to end: a lease, recovery, and messages that are late. */
const GRACE = 180 * 60_000;

/**
 * Plays the history of a seed. A step is a moment of virtual time; after one in which something was written of a batch, the batch is looked at through
 * the status function. A third of the seeds look after every such step, the others after some of them, which is faster: what is not looked at
 * then is after a later step. When all has come to rest, everything is held against the model.
 * @param logLines where the functions' log lines go
 */
export async function simulate(seed: number, logLines: LogLines, options: SimulationOptions = {}): Promise<Outcome> {
  const { stores: kind = 'memory', mutant: mutantName, history: of = 'seed' } = options;
  const scenario = options.scenario ?? (of === 'pair' ? pairScenario(seed) : scenarioOf(seed));
  // But for its faults a pair's history is always the same.
  const chance = of === 'pair' ? 1 : seed;
  const { plan, mix } = scenario;
  const clock = virtualClock(START);
  const history = historyOn(clock, options.keepHistory ?? false);
  const rows = plan.batches.reduce((sum, { attempts }) => sum + (attempts[0]?.rows.length ?? 0), 0);
  const faults = mix.families.join(', ') || 'none';
  history.note(of, `${seed}: ${plan.batches.length} batches, ${rows} rows; faults: ${faults}`);
  const mutant = mutantName ? MUTANTS[mutantName]() : null;
  const restoreTimers = kind === 'table' ? virtualTimers(clock, randomOf(chance, 'retries')) : () => {};
  const simulated = await wire(chance, scenario, clock, history, mutant, kind);
  const { world, stored, written } = simulated;
  const { chunkQueue, fileQueue, workflow } = world;
  const clients = apiClients(simulated);
  const observer = observerOf(simulated, clients);
  const leaksBefore = logLines.leaks.length;

  const openBatches = (): number => [...stored.batches.values()].filter(({ isOpen }) => isOpen).length;
  const restless = (): string | null => {
    const waiting = [clients.busy, chunkQueue.waiting, fileQueue.waiting, workflow.running, openBatches()];
    const [busy, tasks, files, executions, open] = waiting;
    return waiting.every((count) => count === 0)
      ? null
      : `${busy} clients, ${tasks} chunk messages, ${files} files, ${executions} executions, ${open} open batches`;
  };
  const planned = new Map(
    plan.batches.map((batch) => [
      referenceOf({ organisationId: batch.tenant.organisationId, referenceId: batch.referenceId }),
      batch,
    ]),
  );
  const watch = randomOf(chance, 'watch');
  // A look takes a dozen calls, and those of the SDK are slow.
  const share = watch.pick(kind === 'table' ? [0.3, 0.1, 0.05] : [1, 0.4, 0.2]);
  const observe = async (): Promise<boolean> => {
    for (const key of [...written]) {
      if (!watch.chance(share)) continue;
      written.delete(key);
      const batch = planned.get(key);
      const sight = batch && (await observer.look(batch));
      if (sight) isOpenWhileUnfinished(sight, stored.batches.get(key));
    }
    return restless() === null;
  };

  let broken: string | null = null;
  let givenUp = 0;
  try {
    await clock.runUntil(START + scenario.settingsOf(0).batchDeadline + mix.calmFrom + GRACE, observe);
    invariant(restless() === null, () => `it does not come to rest: ${restless()}`);
    givenUp = await checkEnd({ ...simulated, clients, observer });
    const leak = logLines.leaks[leaksBefore];
    invariant(leak === undefined, () => `a log line holds what none may: ${leak}`);
  } catch (error) {
    broken = describe(error);
    history.note('broken', broken);
  }
  const seconds = (clock.now() - START) / 1000;
  const lines = [...history.lines];
  world.network.end();
  // Whoever is in the middle of something wakes up and finds that it is over: nothing is left behind in this process.
  await clock.runUntil(clock.now() + LONGEST_INVOCATION);
  restoreTimers();
  return {
    seed,
    variant: { mutant: mutantName, stores: kind, history: of },
    broken,
    families: mix.families,
    rows,
    givenUp,
    seconds,
    history: lines,
  };
}

function describe(error: unknown): string {
  if (error instanceof Violation) return error.message;
  return `the simulation itself failed: ${error instanceof Error ? error.stack : String(error)}`;
}

/** Only a batch whose rows have all ended is taken off the open ones: recovery would not find it any more. */
function isOpenWhileUnfinished({ data }: Sight, item: StoredBatch | undefined): void {
  const { total, completed, failed } = data.summary;
  const isClosed = item !== undefined && item.finishedAt !== null;
  invariant(
    !isClosed || completed + failed === total,
    () => `${data.reference_id} is closed: ${JSON.stringify(data.summary)}`,
  );
}
