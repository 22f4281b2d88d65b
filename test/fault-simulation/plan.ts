import { NO_PARAMETERS, type RequestParameters } from '#lambdas/batch/submission.ts';
import type { Random } from '../world/random.ts';
import { type ConsentScript, drawScript, SECRET } from './consent-scripts.ts';

/** A client's credentials, as it sends them. */
export interface Tenant {
  readonly organisationId: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly appIdentifier: string;
}

export interface PlannedRow {
  readonly consentId: string;
  /** Null for a row that fails validation. */
  readonly script: ConsentScript | null;
  /** What is given for this row alone. */
  readonly own: RequestParameters;
}

export const WAYS = ['json', 'form', 'presigned', 'drop'] as const;
export type Way = (typeof WAYS)[number];

/** One submission of a reference: what it holds, how it comes in, and when (milliseconds after the start). */
export interface Attempt {
  readonly number: number;
  readonly way: Way;
  readonly fileType: 'csv' | 'json';
  readonly rows: readonly PlannedRow[];
  /** What is given for all rows together. */
  readonly defaults: RequestParameters;
  readonly idempotencyKey: string | null;
  readonly at: number;
}

/** Everything that is submitted under one reference of an organisation. */
export interface PlannedBatch {
  readonly tenant: Tenant;
  readonly referenceId: string;
  readonly attempts: readonly Attempt[];
}

/** A session that a client begins with FinPro itself, so many milliseconds after the start. */
export interface OwnSession {
  readonly organisationId: string;
  readonly consentId: string;
  readonly at: number;
}

export interface Plan {
  readonly tenants: readonly Tenant[];
  readonly batches: readonly PlannedBatch[];
  readonly ownSessions: readonly OwnSession[];
}

const pad = (number: number, width: number): string => String(number).padStart(width, '0');

/** Says whose consent it is, so that a row of another organisation is recognised. */
const consentId = (tenant: number, batch: number, row: number): string =>
  `${pad(tenant, 8)}-${pad(batch, 4)}-4000-8000-${pad(row, 12)}`;

const tenantOf = (number: number): Tenant => ({
  organisationId: `org-${number}`,
  client_id: `client-${number}`,
  client_secret: `${SECRET}${number}`,
  appIdentifier: `app-${number}`,
});

function drawRows(random: Random, tenant: number, batch: number, way: Way): PlannedRow[] {
  const count = random.weighted([
    [6, random.int(1, 4)],
    [3, random.int(3, 8)],
    [0.6, random.int(8, 25)],
  ]);
  const hasInvalid = way !== 'json' && random.chance(0.3);
  const hasTwins = random.chance(0.2);
  const rows: PlannedRow[] = [];
  for (let row = 0; row < count; row += 1) {
    const [earlier, ...others] = rows.filter(({ script }) => script !== null);
    if (hasInvalid && random.chance(0.25))
      rows.push({ consentId: `not-a-guid-${row}`, script: null, own: NO_PARAMETERS });
    else if (hasTwins && earlier && random.chance(0.4)) rows.push(random.pick([earlier, ...others]));
    else rows.push({ consentId: consentId(tenant, batch, row), script: drawScript(random), own: NO_PARAMETERS });
  }
  return rows;
}

const wayOf = (random: Random): Way =>
  random.weighted<Way>([
    [6, 'json'],
    [2, 'form'],
    [1, 'presigned'],
    [1, 'drop'],
  ]);

/** The same content again, or part of it under the same reference. */
function again(random: Random, first: Attempt, number: number): Attempt {
  const isSame = random.chance(0.6);
  const valid = first.rows.filter(({ script }) => script !== null);
  const part = valid.slice(0, random.int(1, Math.max(1, valid.length)));
  return {
    ...first,
    number,
    ...(isSame || part.length === 0 ? {} : { rows: part, way: random.chance(0.5) ? first.way : wayOf(random) }),
    idempotencyKey: random.chance(0.7) ? first.idempotencyKey : null,
    at: first.at + (random.chance(0.4) ? random.int(0, 50) : random.int(0, 300_000)),
  };
}

/** Draws who submits what. References may be the same in two organisations: they have nothing to do with each other. */
export function drawPlan(random: Random): Plan {
  const tenants = Array.from(
    {
      length: random.weighted([
        [6, 1],
        [3, 2],
        [0.6, random.int(3, 5)],
      ]),
    },
    (_, index) => tenantOf(index),
  );
  const batches = tenants.flatMap((tenant, index) => {
    const count = random.weighted([
      [7, 1],
      [2, 2],
      [0.4, 3],
    ]);
    return Array.from({ length: count }, (_, batch): PlannedBatch => {
      const way = wayOf(random);
      const first: Attempt = {
        number: 1,
        way,
        fileType: random.pick(['csv', 'json']),
        rows: drawRows(random, index, batch, way),
        defaults: NO_PARAMETERS,
        idempotencyKey: random.chance(0.5) ? `key-${index}-${batch}` : null,
        at: random.chance(0.5) ? random.int(0, 2_000) : random.int(0, 240_000),
      };
      const repeats = random.chance(0.3) ? random.int(1, 3) : 0;
      const others = Array.from({ length: repeats }, (_, repeat) => again(random, first, repeat + 2));
      return { tenant, referenceId: `batch-${batch}`, attempts: [first, ...others] };
    });
  });
  return { tenants, batches, ownSessions: [] };
}

/** Settings of a deployment, as environment variables. `version` counts the deploys. */
export interface SettingsPlan {
  readonly fixed: Readonly<Record<string, string>>;
  /** What a deploy may change, version by version. */
  readonly versions: readonly Readonly<Record<string, string>>[];
}

export function drawSettings(random: Random, versions: number): SettingsPlan {
  const deadline = random.weighted([
    [5, 7_200],
    [3, 14_400],
    [1, 3_600],
    [0.15, 86_400],
  ]);
  return {
    fixed: {
      UPSTREAM_LIMIT: String(
        random.weighted([
          [3, random.int(4, 12)],
          [4, random.int(12, 60)],
          [3, 1000],
        ]),
      ),
      UPSTREAM_WINDOW_SECONDS: String(random.pick([60, 60, 30])),
      BATCH_DEADLINE_SECONDS: String(deadline),
    },
    versions: Array.from({ length: versions }, () => ({
      CHUNK_ROWS: String(random.int(3, 8)),
      BALANCES: random.chance(0.7) ? 'on' : 'off',
      POLL_FIRST_SECONDS: String(random.pick([5, 5, 3, 10])),
      POLL_MAXIMUM_SECONDS: String(random.pick([300, 60])),
    })),
  };
}
