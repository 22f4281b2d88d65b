import type { Reservation } from '#lambdas/chunk/state.ts';
import type { Settings } from '#lambdas/platform/settings.ts';
import type { Budget, CallOutcomes } from '#lambdas/upstream/permit.ts';

/** A budget with room for everything at once, for tests of other things. It learns nothing and has no circuit. */
export interface FreeBudget extends Budget {
  readonly lessons: readonly CallOutcomes[];
  /** Whether leave says that the window before was nearly used up. */
  tight: boolean;
}

export function freeBudget({ clockSkew, upstream }: Settings): FreeBudget {
  const lessons: CallOutcomes[] = [];
  const budget: FreeBudget = {
    lessons,
    tight: false,
    reserve: async (_organisationId, calls, _held, now) => {
      const startsAt = now - clockSkew;
      const reservation: Reservation = {
        startsAt,
        endsAt: startsAt + upstream.window,
        tokens: calls,
        tight: budget.tight,
        epoch: 0,
      };
      return { granted: true, halfOpen: false, taken: true, reservation };
    },
    release: async () => {},
    learn: async (_organisationId, _reservation, lesson) => {
      lessons.push(lesson);
      return false;
    },
  };
  return budget;
}
