import { readSettings, type Settings } from '#lambdas/platform/settings.ts';
import { randomOf } from '../world/random.ts';
import { drawFaults, type FaultMix, withLateCalls } from './fault-mix.ts';
import { withParameters } from './parameters.ts';
import { drawPlan, drawSettings, type Plan } from './plan.ts';

/** What is tried and what goes wrong in one history. */
export interface Scenario {
  readonly plan: Plan;
  readonly mix: FaultMix;
  /** The settings of the code, by how often it was replaced. */
  settingsOf(version: number): Settings;
  /** FinPro's own limit. What the settings say of it may be too much. */
  readonly rateLimit: { readonly limit: number; readonly window: number };
}

/** More deploys than a history has. */
const VERSIONS = 5;

/** The scenario of a seed. */
export function scenarioOf(seed: number): Scenario {
  const plan = withParameters(randomOf(seed, 'parameters'), drawPlan(randomOf(seed, 'plan')));
  const { fixed, versions } = drawSettings(randomOf(seed, 'settings'), VERSIONS);
  const known = versions.map((version) => readSettings({ ...fixed, ...version }));
  const settingsOf = (version: number): Settings => {
    const settings = known[version];
    if (!settings) throw new RangeError(`there is no version ${version}`);
    return settings;
  };
  const drawn = drawFaults(randomOf(seed, 'faults'), plan.tenants.length, settingsOf(0).batchDeadline);
  const mix = withLateCalls(randomOf(seed, 'late calls'), drawn);
  const { limit, window } = settingsOf(0).upstream;
  const random = randomOf(seed, 'limit');
  const isLower = random.chance(0.1);
  return {
    plan,
    mix,
    settingsOf,
    rateLimit: { limit: isLower ? Math.max(3, Math.floor(limit * (0.3 + random.next() / 2))) : limit, window },
  };
}
