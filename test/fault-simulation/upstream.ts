import type { Ids } from '#lambdas/platform/system.ts';
import type { UpstreamFailure } from '#lambdas/upstream/failures.ts';
import type { FinPro } from '#lambdas/upstream/finpro.ts';
import { ENDPOINTS } from '#simulator/rate-window.ts';
import type { VirtualClock } from '../world/clock.ts';
import { answered, LOST, TOO_MANY, UNAUTHORIZED, UNREACHABLE } from '../world/consent-behaviour.ts';
import { type ScriptedFinPro, scriptedFinPro } from '../world/finpro.ts';
import type { History } from '../world/history.ts';
import type { Random } from '../world/random.ts';
import { START } from '../world/start.ts';
import type { ShareNow } from './disturb.ts';
import type { FaultMix, Outage } from './fault-mix.ts';
import { balanceOf } from './log-lines.ts';
import type { Plan } from './plan.ts';
import type { RateWindowsPlan } from './rate-windows.ts';

/** How each call ends while an outage of the kind lasts. */
export const OUTAGE_FAILURES: Readonly<Record<Exclude<Outage['kind'], 'gateway'>, UpstreamFailure>> = {
  unreachable: UNREACHABLE,
  'http-503': answered(503, 'ServiceUnavailable'),
  lost: LOST,
  unauthorized: UNAUTHORIZED,
  'too-many': TOO_MANY,
};

/** How long a call waits for an answer that does not come. */
const TIMEOUT = 15_000;

interface UpstreamWorld {
  readonly clock: VirtualClock;
  readonly ids: Ids;
  readonly mix: FaultMix;
  readonly random: Random;
  readonly shareNow: ShareNow;
  readonly plan: Plan;
  readonly rateWindows: RateWindowsPlan;
  readonly history: History;
}

/** FinPro by the plan's scripts, with the mix's outages and lost answers on top. */
export function upstreamOf(world: UpstreamWorld): ScriptedFinPro {
  const { clock, ids, mix, random, shareNow, plan, rateWindows, history } = world;
  const finPro = scriptedFinPro(clock, ids);
  const { rateLimit, told, resetError, ownCalls } = rateWindows;
  finPro.rateLimit = rateLimit;
  if (told < 1) finPro.tells = () => random.chance(told);
  if (resetError > 0) finPro.resetError = () => random.int(-resetError, resetError);
  for (const { attempts } of plan.batches) {
    for (const { consentId, script } of attempts.flatMap(({ rows }) => rows)) {
      if (script) finPro.behave(consentId, script.behaviour);
    }
  }
  const numbers = new Map(plan.tenants.map(({ organisationId }, number) => [organisationId, number]));
  const { upstream } = mix;
  const gatewayAnswer = answered(mix.gateway.status, null);
  const chances: readonly (readonly [number, UpstreamFailure])[] = [
    [upstream.requestLost, LOST],
    [upstream.refused, UNREACHABLE],
    [upstream.serverError, answered(500, null)],
    [upstream.unavailable, answered(503, 'ServiceUnavailable')],
    [mix.gateway.before, gatewayAnswer],
  ];
  finPro.refuses = ({ at, organisationId }) => {
    const age = at - START;
    const outage = mix.outages.find(
      ({ from, to, organisation }) =>
        age >= from && age < to && (organisation === null || organisation === numbers.get(organisationId)),
    );
    if (outage) return outage.kind === 'gateway' ? gatewayAnswer : OUTAGE_FAILURES[outage.kind];
    return chances.find(([share]) => random.chance(shareNow(share)))?.[1] ?? null;
  };
  finPro.loses = () => {
    if (random.chance(shareNow(upstream.answerLost))) return LOST;
    return random.chance(shareNow(mix.gateway.after)) ? gatewayAnswer : null;
  };
  finPro.strays = () => random.chance(shareNow(mix.astray));
  finPro.transit = () => random.int(1, 40);
  const callItself = (organisationId: string): void => {
    if (ownCalls > 0 && random.chance(ownCalls)) finPro.callElsewhere(organisationId, random.pick(ENDPOINTS));
  };
  finPro.latency = (call) => {
    callItself(call.organisationId);
    if (history.isKept) {
      const said = call.failure ? JSON.stringify(call.failure) : (call.opened ?? 'answered');
      history.note('FinPro', `${call.organisationId} ${call.kind} ${call.consentId}: ${said}`);
    }
    return call.failure?.sent === 'maybe' ? random.pick([50, TIMEOUT]) : random.int(5, 300);
  };
  return finPro;
}

/** In part of the histories reading a secret takes what several tries of the SDK's take. */
export function credentialsTimeOf(random: Random): () => number {
  if (!random.chance(0.3)) return () => 0;
  return () => (random.chance(0.2) ? 20 : random.int(1_000, 40_000));
}

/** The same FinPro as the product sees it: its balances are recognisable. */
export const withMarkedBalances = (finPro: FinPro): FinPro => ({
  ...finPro,
  fiBalance: async (organisationId, consentId) => {
    const answer = await finPro.fiBalance(organisationId, consentId);
    return answer.ok
      ? {
          ...answer,
          value: answer.value.map((balance) => ({ ...balance, currentBalance: balanceOf(balance.linkRefNumber) })),
        }
      : answer;
  },
});
