import { readSettings, type Settings } from '#lambdas/platform/settings.ts';
import { randomOf } from '../world/random.ts';
import { drawFaults, type FaultMix, withLateCalls } from './fault-mix.ts';
import { withParameters } from './parameters.ts';
import { drawPlan, drawSettings, type Plan } from './plan.ts';
import { drawRateWindows, type RateWindowsPlan } from './rate-windows.ts';
import { withSharedConsents } from './shared-consents.ts';

/** What is tried and what goes wrong in one history. */
export interface Scenario {
  readonly plan: Plan;
  readonly mix: FaultMix;
  readonly rateWindows: RateWindowsPlan;
  /** The settings of the code, by how often it was replaced. */
  settingsOf(version: number): Settings;
}

/** More deploys than a history has. */
const VERSIONS = 5;

/** The scenario of a seed. */
export function scenarioOf(seed: number): Scenario {
  const plan = withSharedConsents(
    randomOf(seed, 'shared consents'),
    withParameters(randomOf(seed, 'parameters'), drawPlan(randomOf(seed, 'plan'))),
  );
  const { fixed, versions } = drawSettings(randomOf(seed, 'settings'), VERSIONS);
  const known = versions.map((version) => readSettings({ ...fixed, ...version }));
  const settingsOf = (version: number): Settings => {
    const settings = known[version];
    if (!settings) throw new RangeError(`there is no version ${version}`);
    return settings;
  };
  const drawn = drawFaults(randomOf(seed, 'faults'), plan.tenants.length, settingsOf(0).batchDeadline);
  const mix = withLateCalls(randomOf(seed, 'late calls'), drawn);
  const rateWindows = drawRateWindows(randomOf(seed, 'rate windows'), settingsOf(0));
  return { plan, mix, rateWindows, settingsOf };
}
