import { createHash } from 'node:crypto';
import type { Client } from '#lambdas/clients/client.ts';
import { powertoolsTelemetry } from '#lambdas/platform/telemetry.ts';
import { referenceOf } from '../world/batches.ts';
import type { VirtualClock } from '../world/clock.ts';
import type { Mutant } from '../world/containers.ts';
import type { ScriptedFinPro } from '../world/finpro.ts';
import type { History } from '../world/history.ts';
import { type Random, randomOf } from '../world/random.ts';
import { sequentialIds } from '../world/sequential-ids.ts';
import { emptyStorage, memoryStores, type Storage, type Stores } from '../world/stores.ts';
import { type World, worldOf } from '../world/world.ts';
import { disturbanceOf, type ShareNow, shareNowOf } from './disturb.ts';
import type { FaultMix } from './fault-mix.ts';
import type { Plan, Tenant } from './plan.ts';
import type { Scenario } from './scenario.ts';
import { upstreamOf, withMarkedBalances } from './upstream.ts';

/** A world with a seed's faults, and what its history is held against. */
export interface SimulatedWorld {
  readonly world: World<Stores>;
  readonly plan: Plan;
  readonly mix: FaultMix;
  readonly random: Random;
  readonly shareNow: ShareNow;
  readonly storage: Storage;
  readonly finPro: ScriptedFinPro;
  readonly mutant: Mutant | null;
  /** Batches of which something was written since they were last taken from here, as `referenceOf`. */
  readonly written: Set<string>;
}

export function wire(
  seed: number,
  { plan, mix, settingsOf }: Scenario,
  clock: VirtualClock,
  history: History,
  mutant: Mutant | null,
): SimulatedWorld {
  const random = randomOf(seed, 'chance');
  const shareNow = shareNowOf(mix, clock.now);
  const written = new Set<string>();
  const storage = storageOf(plan, (key) => void written.add(key));
  const rateLimit = settingsOf(0).upstream;
  const finPro = upstreamOf({ clock, ids: sequentialIds(0x5e55), mix, random, shareNow, plan, rateLimit, history });
  const world = worldOf<Stores>({
    clock,
    history,
    settingsOf,
    telemetry: powertoolsTelemetry,
    finPro: withMarkedBalances(finPro),
    openStores: memoryStores(storage),
    disturbance: disturbanceOf(mix, random, shareNow),
    mutant,
  });
  const deploy = async (at: number): Promise<void> => {
    await clock.wait(at);
    world.deploy();
  };
  for (const at of mix.deploys) void deploy(at);
  world.start();
  return { world, plan, mix, random, shareNow, storage, finPro, mutant, written };
}

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

/** @param onWrite called with the reference of a batch of which something was written */
function storageOf({ tenants }: Plan, onWrite: (reference: string) => void): Storage {
  const storage = emptyStorage(new Map(tenants.map((tenant) => [tenant.client_id, clientOf(tenant)])));
  const set = storage.batches.set.bind(storage.batches);
  storage.batches.set = (reference, stored) => {
    onWrite(reference);
    return set(reference, stored);
  };
  storage.chunks.onState = ({ key }) => onWrite(referenceOf(key));
  return storage;
}
