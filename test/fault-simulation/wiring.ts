import { powertoolsTelemetry } from '#lambdas/platform/telemetry.ts';
import type { VirtualClock } from '../world/clock.ts';
import type { Mutant } from '../world/containers.ts';
import type { ScriptedFinPro } from '../world/finpro.ts';
import type { History } from '../world/history.ts';
import { type Random, randomOf } from '../world/random.ts';
import { sequentialIds } from '../world/sequential-ids.ts';
import type { Stores } from '../world/stores.ts';
import { type World, worldOf } from '../world/world.ts';
import { disturbanceOf, type ShareNow, shareNowOf } from './disturb.ts';
import type { FaultMix } from './fault-mix.ts';
import type { OwnSession, Plan } from './plan.ts';
import type { RateWindowsPlan } from './rate-windows.ts';
import type { Scenario } from './scenario.ts';
import { type Stored, type StoreKind, storedAs } from './stored.ts';
import { counted, type Strikes } from './strikes.ts';
import { credentialsTimeOf, upstreamOf, withMarkedBalances } from './upstream.ts';

/** A world with a seed's faults, and what its history is held against. */
export interface SimulatedWorld {
  readonly world: World<Stores>;
  readonly plan: Plan;
  readonly mix: FaultMix;
  readonly rateWindows: RateWindowsPlan;
  readonly settingsOf: Scenario['settingsOf'];
  readonly strikes: Strikes;
  readonly random: Random;
  readonly shareNow: ShareNow;
  readonly stored: Stored;
  readonly finPro: ScriptedFinPro;
  readonly mutant: Mutant | null;
  /** Batches of which something was written since they were last taken from here, as `referenceOf`. */
  readonly written: Set<string>;
}

export async function wire(
  seed: number,
  { plan, mix, rateWindows, settingsOf }: Scenario,
  clock: VirtualClock,
  history: History,
  mutant: Mutant | null,
  kind: StoreKind,
): Promise<SimulatedWorld> {
  const random = randomOf(seed, 'chance');
  const shareNow = shareNowOf(mix, clock.now);
  const written = new Set<string>();
  const finPro = upstreamOf({ clock, ids: sequentialIds(0x5e55), mix, random, shareNow, plan, rateWindows, history });
  const { disturbance, strikes } = counted(disturbanceOf(mix, random, shareNow, clock.now));
  const onWrite = (reference: string): void => void written.add(reference);
  const stored = await storedAs(kind, plan, disturbance, mutant, onWrite);
  const world = worldOf<Stores>({
    clock,
    history,
    settingsOf,
    telemetry: powertoolsTelemetry,
    finPro: withMarkedBalances(finPro),
    credentialsTime: credentialsTimeOf(randomOf(seed, 'credentials')),
    openStores: stored.openStores,
    disturbance,
    mutant,
  });
  const deploy = async (at: number): Promise<void> => {
    await clock.wait(at);
    world.deploy();
  };
  for (const at of mix.deploys) void deploy(at);
  const begin = async ({ organisationId, consentId, at }: OwnSession): Promise<void> => {
    await clock.wait(at);
    const session = finPro.openElsewhere(organisationId, consentId, clock.now());
    history.note('client', `${organisationId} begins ${session} of ${consentId} itself`);
  };
  for (const own of plan.ownSessions) void begin(own);
  world.start();
  return { world, plan, mix, rateWindows, settingsOf, random, shareNow, strikes, stored, finPro, mutant, written };
}
