import { NO_PARAMETERS } from '#lambdas/batch/submission.ts';
import { readSettings } from '#lambdas/platform/settings.ts';
import type { Fault } from '../world/disturbance.ts';
import { randomOf } from '../world/random.ts';
import { scriptNamed } from './consent-scripts.ts';
import { drawFaults } from './fault-mix.ts';
import type { Attempt, PlannedRow } from './plan.ts';
import { expectedRateWindows } from './rate-windows.ts';
import type { Scenario } from './scenario.ts';

/** So many calls of the history are struck, from the first on: all those of its first chunk, from acceptance to the last write. */
const CALLS = 45;
/** What can be the end of a worker, or look like it: it dies before or after a call took effect, or hears that the call failed though it didn't. */
const ENDS = ['dies-before', 'dies-after', 'fails-after'] as const satisfies readonly Fault[];

/** Faults of one history, by the number of the call, from 1. */
type Placed = ReadonlyMap<number, Fault>;

/** Every place of one fault, and every two places with every two faults. */
const PLACED: readonly Placed[] = placings();

function placings(): Placed[] {
  const single = Array.from({ length: CALLS }, (_, index) => ENDS.map((fault) => [index + 1, fault] as const)).flat();
  return single.flatMap((first, index) => [
    new Map([first]),
    ...single.slice(index + 1).flatMap((second) => (second[0] === first[0] ? [] : [new Map([first, second])])),
  ]);
}

/** How many histories there are. */
export const PAIRS = PLACED.length;

const TENANT = { organisationId: 'org-0', client_id: 'client-0', client_secret: 'zsecretz0', appIdentifier: 'app-0' };

/** A row whose data are there at its first poll, so that all of its life is within those calls. */
function row(number: number, name: string): PlannedRow {
  const script = scriptNamed(name);
  const { behaviour } = script;
  return {
    consentId: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
    script: { ...script, behaviour: { ...behaviour, session: { ...behaviour.session, after: 2_000 } } },
    own: { ...NO_PARAMETERS, configId: `config-${number}` },
  };
}

/** Two chunks: a plain row, one that a second FI request would spoil, and in the other chunk the first row's consent once more. */
const [plain, onetime] = [row(1, 'ready'), row(2, 'onetime')];
const ATTEMPT: Attempt = {
  number: 1,
  way: 'json',
  fileType: 'json',
  rows: [plain, onetime, plain],
  defaults: NO_PARAMETERS,
  idempotencyKey: null,
  at: 0,
};

/**
 * The history in which the pair of that number, from 1, is placed. Nothing else goes wrong in it, so that all pairs together are every way in which
 * two ends of workers can meet in it.
 * @throws RangeError when there is no such pair
 */
export function pairScenario(number: number): Scenario {
  const certain = PLACED[number - 1];
  if (!certain) throw new RangeError(`there are pairs 1 to ${PAIRS}`);
  const settings = readSettings({ CHUNK_ROWS: '2', BATCH_DEADLINE_SECONDS: '7200' });
  return {
    plan: {
      tenants: [TENANT],
      batches: [{ tenant: TENANT, referenceId: 'pairs', attempts: [ATTEMPT] }],
      ownSessions: [],
    },
    mix: { ...drawFaults(randomOf(1, 'faults'), 1, settings.batchDeadline, []), families: ['certain'], certain },
    settingsOf: () => settings,
    rateWindows: expectedRateWindows(settings),
  };
}
