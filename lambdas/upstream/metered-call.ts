import type { Reservation } from '../chunk/state.ts';
import type { Clock } from '../platform/system.ts';
import type { Journal } from '../platform/telemetry.ts';
import type { Budget, BudgetLesson } from './permit.ts';

export interface TeachingPorts {
  readonly budget: Pick<Budget, 'learn'>;
  readonly clock: Clock;
  readonly journal: Journal;
}

/** Tells the budget what calls have shown of the upstream. That is worth telling, but results are not lost for it: it never throws. */
export async function teachBudget(
  { budget, clock, journal }: TeachingPorts,
  organisationId: string,
  reservation: Reservation,
  lesson: BudgetLesson,
): Promise<void> {
  if (lesson.rateLimited) journal.count('UpstreamRateLimited');
  try {
    if (await budget.learn(organisationId, reservation, lesson, clock.now())) {
      journal.count('CircuitOpened');
      journal.note('the circuit is open from here on', { organisationId });
    }
  } catch (error) {
    journal.note('the budget could not be updated', { organisationId, error: String(error) });
  }
}
