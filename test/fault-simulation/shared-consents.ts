import { NO_PARAMETERS } from '#lambdas/batch/submission.ts';
import type { FiRequest } from '#lambdas/upstream/finpro.ts';
import { fails, LOST, OPENS, OPENS_UNHEARD, type RequestStep } from '../world/consent-behaviour.ts';
import type { Random } from '../world/random.ts';
import type { ConsentScript } from './consent-scripts.ts';
import type { Attempt, OwnSession, Plan, PlannedBatch, PlannedRow } from './plan.ts';

const MINUTE = 60_000;

/** Opens a session that one of the consent's rows, or somebody else, can be in doubt about. */
const DOUBTFUL: readonly [RequestStep, ...RequestStep[]] = [OPENS, OPENS_UNHEARD, OPENS_UNHEARD, fails(LOST)];

const drawDoubts = (random: Random, script: ConsentScript): ConsentScript =>
  script.name === 'ready' && random.chance(0.7)
    ? {
        ...script,
        name: 'doubtful',
        behaviour: {
          ...script.behaviour,
          requests: [random.pick(DOUBTFUL), random.pick(DOUBTFUL), random.pick(DOUBTFUL), OPENS],
        },
      }
    : script;

const mayHaveSession = ({ end }: ConsentScript): boolean => end.kind === 'delivered' || end.hasSession;

/** The batch, with other scripts for some of its consents. A row that comes in twice stays the same row. */
function withScripts(batch: PlannedBatch, scripts: ReadonlyMap<string, ConsentScript>): PlannedBatch {
  const rows = new Map(
    batch.attempts
      .flatMap((attempt) => attempt.rows)
      .map((row) => [row, { ...row, script: scripts.get(row.consentId) ?? row.script }]),
  );
  const attempts = batch.attempts.map((attempt) => ({
    ...attempt,
    rows: attempt.rows.map((row) => rows.get(row) ?? row),
  }));
  return { ...batch, attempts };
}

const nameOfCopy = (copy: number): string => `again-${copy}`;
const isCopy = (name: string | null): boolean => name?.startsWith('again-') ?? false;

/** Whether a batch has made an FI request. Those of a batch that repeats another's consents have its name as their configId. */
export const isRequestOf = ({ referenceId }: PlannedBatch, { configId }: FiRequest): boolean =>
  isCopy(referenceId) ? configId === referenceId : !isCopy(configId);

/**
 * In a quarter of the histories an organisation submits consents of one of its batches again under another reference, and its
 * client may begin sessions with FinPro itself: whose session a look-up by consent finds is then open.
 */
export function withSharedConsents(random: Random, plan: Plan): Plan {
  if (!random.chance(0.25)) return plan;
  const [one, ...others] = plan.batches;
  if (!one) return plan;
  const original = random.pick([one, ...others]);
  const [first] = original.attempts;
  const valid = new Map(
    (first?.rows ?? []).flatMap(({ consentId, script }) => (script ? [[consentId, script] as const] : [])),
  );
  if (!first || valid.size === 0) return plan;
  const scripts = new Map([...valid].map(([consentId, script]) => [consentId, drawDoubts(random, script)]));
  const batches = plan.batches.map((batch) => (batch === original ? withScripts(batch, scripts) : batch));
  const copies = Array.from({ length: random.pick([1, 1, 1, 2]) }, (_, copy): PlannedBatch => {
    const shared = [...scripts].filter(() => random.chance(0.8));
    const rows = (shared.length > 0 ? shared : [...scripts]).map(
      ([consentId, script]): PlannedRow => ({ consentId, script, own: NO_PARAMETERS }),
    );
    const referenceId = nameOfCopy(copy);
    const attempt: Attempt = {
      ...first,
      number: 1,
      way: 'json',
      rows,
      defaults: { ...NO_PARAMETERS, configId: referenceId },
      idempotencyKey: null,
      at: first.at + (random.chance(0.7) ? random.int(0, 5_000) : random.int(0, 5 * MINUTE)),
    };
    return { tenant: original.tenant, referenceId, attempts: [attempt] };
  });
  const { organisationId } = original.tenant;
  const ownSessions = [...scripts].flatMap(([consentId, script]): OwnSession[] =>
    mayHaveSession(script) && random.chance(0.15)
      ? [{ organisationId, consentId, at: Math.max(0, first.at + random.int(-MINUTE, MINUTE)) }]
      : [],
  );
  return { ...plan, batches: [...batches, ...copies], ownSessions };
}
