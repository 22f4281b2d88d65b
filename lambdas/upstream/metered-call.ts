import type { Reservation } from '../chunk/state.ts';
import type { Clock } from '../platform/system.ts';
import type { Telemetry } from '../platform/telemetry.ts';
import type { Budget, CallOutcomes } from './permit.ts';

export interface TeachingPorts {
  readonly budget: Pick<Budget, 'learn'>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** Tells the budget what calls have shown of the upstream. That is worth telling, but results are not lost for it: it never throws. */
export async function teachBudget(
  { budget, clock, telemetry }: TeachingPorts,
  organisationId: string,
  reservation: Reservation,
  lesson: CallOutcomes,
): Promise<void> {
  if (lesson.rateLimited) telemetry.count('UpstreamRateLimited');
  try {
    if (await budget.learn(organisationId, reservation, lesson, clock.now())) {
      telemetry.count('CircuitOpened');
      telemetry.warn('the circuit is open from here on', { organisationId });
    }
  } catch (error) {
    telemetry.warn('the budget could not be updated', { organisationId, error: String(error) });
  }
}
