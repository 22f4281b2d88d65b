import { functionOf } from '../world/containers.ts';
import { contextOf } from '../world/functions.ts';
import type { ApiClients } from './clients.ts';
import { isSame, shown } from './content.ts';
import type { Attempt, PlannedBatch, Tenant } from './plan.ts';
import {
  type ApiAnswer,
  apiAnswer,
  contentOf,
  type StatusData,
  type StatusRecord,
  statusDataOf,
} from './status-answer.ts';
import { jsonRequest } from './submissions.ts';
import { invariant } from './violation.ts';
import type { SimulatedWorld } from './wiring.ts';

/** What was seen of a batch from outside. */
export interface Sight {
  readonly data: StatusData;
  /** The same, as it came. */
  readonly shown: string;
  /** What it holds; null for a reserved upload without its file, or one whose file could not be read. */
  readonly content: Attempt | null;
  /** When each row was first seen terminal, by its number; epoch milliseconds. */
  readonly endedAt: ReadonlyMap<number, number>;
}

/** Looks at batches as a client does: through the status function, with the tenant's credentials. */
export interface Observer {
  /** Looks at a batch and holds what it sees against everything that was seen before. */
  look(batch: PlannedBatch): Promise<Sight | null>;
  ask(tenant: Tenant, query: object): Promise<StatusData | null>;
}

const isEnded = ({ status }: StatusRecord): boolean => status === 'COMPLETED' || status === 'FAILED';

export function observerOf({ world, mutant }: SimulatedWorld, clients: ApiClients): Observer {
  const { clock } = world;
  const handler = functionOf('batch-status', world.portsOf(), mutant);
  const context = contextOf('batch-status', 'observer', () => 29_000);
  const seen = new Map<PlannedBatch, Sight>();

  const call = async (tenant: Tenant, query: object): Promise<ApiAnswer> =>
    apiAnswer(await handler(jsonRequest(tenant, query), context));
  const ask = async (tenant: Tenant, query: object): Promise<StatusData | null> =>
    statusDataOf(await call(tenant, query));

  const look = async (batch: PlannedBatch): Promise<Sight | null> => {
    const { tenant, referenceId, attempts } = batch;
    const answer = await call(tenant, { reference_id: referenceId, limit: 1000, include_balances: true });
    const before = seen.get(batch);
    // Much that is written does not show.
    if (before && answer.status === 200 && contentOf(answer) === before.shown) return before;
    const data = statusDataOf(answer);
    const answers = clients.answersOf(batch);
    const name = `${tenant.organisationId}/${referenceId}`;
    if (!data) {
      const isReserved = before === undefined || before.data.summary.total === 0;
      const isPromised = answers.some(({ attempt }) => attempt.way !== 'presigned');
      invariant(isReserved && !isPromised, () => `${name} was accepted and cannot be found`);
      return null;
    }
    for (const { batchId, attempt } of answers) {
      invariant(
        batchId === data.batch_id || clients.isSpoilt(batchId),
        () => `${name}.${attempt.number} was answered with ${batchId}, but ${data.batch_id} is there`,
      );
    }
    invariant(
      before === undefined || before.data.batch_id === data.batch_id || before.data.summary.total === 0,
      () => `${name} was ${before?.data.batch_id} and is ${data.batch_id}`,
    );
    holdsInItself(name, data);
    const content = data.summary.total === 0 ? null : submittedAs(name, data, attempts);
    const valid = (content?.rows ?? []).flatMap(({ consentId, script }) => (script === null ? [] : [consentId]));
    const duplicates = valid.length - new Set(valid).size;
    invariant(
      data.metadata.duplicate_consents === duplicates,
      () => `${name} tells ${data.metadata.duplicate_consents} rows with the consent of another, of ${duplicates}`,
    );
    for (const { attempt } of answers) {
      if (attempt.way === 'presigned') continue;
      invariant(
        content !== null && isSame(attempt, content),
        () => `${name}.${attempt.number} was answered with success, and something else is stored`,
      );
    }
    if (before) goesOn(name, before.data, data);
    const endedAt = new Map(before?.endedAt);
    for (const record of data.records) {
      if (isEnded(record) && !endedAt.has(record.id)) endedAt.set(record.id, clock.now());
    }
    const sight: Sight = { data, shown: contentOf(answer), content, endedAt };
    seen.set(batch, sight);
    return sight;
  };
  return { look, ask };
}

/** What holds for every answer alone. */
function holdsInItself(
  name: string,
  { summary, records, batch_status, metadata, pagination, batch_id }: StatusData,
): void {
  const { total, ready, in_progress, completed, failed } = summary;
  const told = `${name} (${batch_id}): ${JSON.stringify(summary)}`;
  invariant(
    [ready, in_progress, completed, failed].every((count) => count >= 0),
    () => `a counter is negative: ${told}`,
  );
  invariant(
    ready + in_progress + completed + failed === total,
    () => `the counters do not add up to the total: ${told}`,
  );
  const shown = Map.groupBy(records, ({ status }) => status);
  const counts = [shown.get('READY'), shown.get('IN_PROGRESS'), shown.get('COMPLETED'), shown.get('FAILED')];
  const ofRows = counts.map((rows) => rows?.length ?? 0);
  invariant(
    String(ofRows) === String([ready, in_progress, completed, failed]),
    () => `the counters are not those of the rows, ${ofRows}: ${told}`,
  );
  invariant(pagination.total === total && records.length === total, () => `${records.length} rows are shown: ${told}`);
  const ended = completed + failed;
  const progress = total === 0 ? 0 : Math.floor((100 * ended) / total);
  invariant(
    metadata.progress_percentage === progress,
    () => `the progress is ${metadata.progress_percentage} %: ${told}`,
  );
  const expected = ended === total ? 'COMPLETED' : ready === total ? 'READY' : 'IN_PROGRESS';
  const isWhole = total === 0 || (failed === total && batch_status === 'FAILED');
  invariant(isWhole || batch_status === expected, () => `the batch is ${batch_status}: ${told}`);
  for (const record of records) {
    const isFailed = record.status === 'FAILED';
    const isRight =
      (record.error !== null) === isFailed &&
      (record.retry_eligible !== null) === isFailed &&
      (record.status !== 'COMPLETED' || record.session_id !== null);
    invariant(isRight, () => `a row of ${name} contradicts itself: ${JSON.stringify(record)}`);
  }
  const sessions = records.flatMap(({ session_id }) => session_id ?? []);
  invariant(new Set(sessions).size === sessions.length, () => `two rows of ${name} hold one session`);
}

/** The attempt whose rows these are, in their order, and whose parameters. */
function submittedAs(name: string, { records, metadata }: StatusData, attempts: readonly Attempt[]): Attempt {
  const withTheseRows = attempts.filter(
    ({ rows }) =>
      rows.length === records.length &&
      rows.every((row, index) => records[index]?.consent_id === row.consentId && records[index]?.id === index + 1),
  );
  const defaults = metadata.global_config;
  // A file may be posted with the form of an earlier attempt, which has the parameters.
  const forms = attempts.filter(({ way }) => way === 'presigned');
  const content = withTheseRows.find((attempt) =>
    (attempt.way === 'presigned' ? forms : [attempt]).some((form) => shown(form.defaults) === shown(defaults)),
  );
  if (content) return { ...content, defaults };
  const ids = records.map(({ id, consent_id }) => `${id} ${consent_id}`);
  invariant(withTheseRows.length > 0, () => `${name} shows rows that were not submitted under it: ${ids.join(', ')}`);
  invariant(false, () => `${name} shows parameters that were not submitted with its rows: ${shown(defaults)}`);
  throw new Error('unreachable');
}

/** What holds between an answer and the one before. */
function goesOn(name: string, before: StatusData, now: StatusData): void {
  if (before.batch_id !== now.batch_id || before.summary.total === 0) return;
  invariant(
    before.summary.total === now.summary.total,
    () => `the total of ${name} went from ${before.summary.total} to ${now.summary.total}`,
  );
  for (const counter of ['completed', 'failed'] as const) {
    const [was, is] = [before.summary[counter], now.summary[counter]];
    invariant(is >= was, () => `${counter} of ${name} went back from ${was} to ${is}`);
  }
  before.records.forEach((old, index) => {
    if (!isEnded(old)) return;
    const [was, is] = [JSON.stringify(old), JSON.stringify(now.records[index])];
    invariant(was === is, () => `a row of ${name} left its terminal state: it was ${was} and is ${is}`);
  });
}
