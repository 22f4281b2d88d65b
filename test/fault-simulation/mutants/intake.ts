import { z } from 'zod';
import type { Mutant } from '../../world/containers.ts';
import { nameOf, withBatches, withChunks, withOpenBatches, withReports } from './ports.ts';

/** A form whose file can't be read is void. */
const burnsReferences = (): Mutant =>
  withBatches(({ batches }) => ({
    apply: (key, change) =>
      batches.apply(
        key,
        change.kind === 'accept-upload' && change.batch.total === 0
          ? { ...change, batch: { ...change.batch, reservation: null } }
          : change,
      ),
  }));

/** A batch's item is written without its guard: whoever accepts last has the reference. */
const acceptsUnconditionally = (): Mutant =>
  withBatches(({ batches }) => ({
    // To a clock that is far ahead every batch has expired.
    apply: (key, change) =>
      batches.apply(key, change.kind === 'accept' ? { ...change, now: Number.MAX_SAFE_INTEGER } : change),
  }));

const apiEvent = z.object({ headers: z.record(z.string(), z.string()) });
const apiResult = z.object({ statusCode: z.number() });

/** First answers are kept by their key alone, so that another content with that key gets them, too. */
function replaysOtherContent(): Mutant {
  const answers = new Map<string, unknown>();
  return {
    ports: (ports) => ports,
    handler: (name, handler) => async (event, context) => {
      const result = await handler(event, context);
      if (name !== 'schedule-batch' && name !== 'upload-batch') return result;
      const { headers } = apiEvent.parse(event);
      const key = `${headers['client_id']} ${headers['Idempotency-Key']}`;
      const { statusCode } = apiResult.parse(result);
      if (statusCode === 200 && headers['Idempotency-Key'] !== undefined) answers.set(key, result);
      return statusCode === 409 ? (answers.get(key) ?? result) : result;
    },
  };
}

/** A repeat by its key is refused like any other submission of a reference that is taken. */
const refusesRepeats = (): Mutant =>
  withBatches(({ batches }) => ({
    read: async (...of) => {
      const stored = await batches.read(...of);
      return stored && { ...stored, batch: { ...stored.batch, idempotency: null } };
    },
  }));

/** Another answer to a repeat than to the first submission: it says when it was repeated. */
const replaysUnderNewTime = (): Mutant => ({
  ports: (ports) => ports,
  handler: (name, handler) => async (event, context) => {
    const result = await handler(event, context);
    if (name !== 'schedule-batch' || !JSON.stringify(result).includes('Idempotent-Replayed')) return result;
    const { body, ...others } = z.looseObject({ body: z.string() }).parse(result);
    return { ...others, body: body.replace(/"timestamp":"[^"]+"/, '"timestamp":"2026-11-28T00:00:00.000Z"') };
  },
});

/** The batch's own parameters are lost on the way in: what is stored is the rows' own. */
const dropsDefaults = (): Mutant =>
  withChunks(({ chunks }) => ({
    create: (parts) =>
      chunks.create(
        parts.map((part) => ({
          ...part,
          input: { ...part.input, defaults: { fiDataRangeFrom: null, fiDataRangeTo: null, configId: null } },
        })),
      ),
  }));

/** Chunks of a batch that was not accepted stay. */
const leavesChunks = (): Mutant => withChunks(() => ({ discard: async () => {} }));

/** A batch of another organisation is found where one's own is not. */
const findsOtherOrganisations = (): Mutant =>
  withBatches(({ batches }) => ({
    read: async (organisationId, referenceId) =>
      (await batches.read(organisationId, referenceId)) ?? batches.read('org-0', referenceId),
  }));

/** Messages are acknowledged whatever becomes of them. */
const acknowledgesFailures = (): Mutant => ({
  ports: (ports) => ports,
  handler: (name, handler) =>
    name === 'ingest-file'
      ? async (event, context) => {
          await handler(event, context).catch(() => {});
          return { batchItemFailures: [] };
        }
      : handler,
});

const queueEvent = z.object({ Records: z.array(z.looseObject({ messageId: z.string() })) });

/** Messages whose work is done are said to have failed, until they are set aside. */
const failsWhatIsDone = (): Mutant => ({
  ports: (ports) => ports,
  handler: (name, handler) =>
    name === 'start-chunk'
      ? async (event, context) => {
          await handler(event, context);
          const { Records } = queueEvent.parse(event);
          return { batchItemFailures: Records.map(({ messageId }) => ({ itemIdentifier: messageId })) };
        }
      : handler,
});

/** The report on a dropped file is never written. */
const losesReports = (): Mutant => withReports(() => ({ write: async () => {} }));

/** A rejection has no name of its own: it is written over the report of the batch that stands. */
const overwritesReports = (): Mutant =>
  withReports(({ reports }) => ({
    write: (key, report) => reports.write(key.replace(/\.v\d+\.json$/, '.json'), report),
  }));

/** A report without the rows that failed. */
const reportsNoFailedRows = (): Mutant =>
  withReports(({ reports }) => ({ write: (key, report) => reports.write(key, { ...report, failed_rows: [] }) }));

/** Closing a finished batch is left to recovery. */
function closesLate(): Mutant {
  const tried = new Set<string>();
  return withBatches(({ batches }) => ({
    apply: async (key, change) => {
      if (change.kind !== 'close' || tried.has(nameOf(key))) return batches.apply(key, change);
      tried.add(nameOf(key));
      return null;
    },
  }));
}

/** A finished batch stays among the open ones. */
const neverCloses = (): Mutant =>
  withBatches(({ batches }) => ({
    apply: async (key, change) => (change.kind === 'close' ? null : batches.apply(key, change)),
  }));

/** Recovery finds nothing. */
const recoversNothing = (): Mutant => withOpenBatches(async () => []);

/** The last record of a full page is missing from it. */
const dropsLastOfPage = (): Mutant => ({
  ports: (ports) => ports,
  handler: (name, handler) => async (event, context) => {
    const result = await handler(event, context);
    if (name !== 'batch-status') return result;
    const { body, ...others } = z.looseObject({ body: z.string() }).parse(result);
    const content: unknown = JSON.parse(body);
    const page = z
      .looseObject({
        data: z.looseObject({
          pagination: z.looseObject({ limit: z.number(), has_next: z.boolean() }),
          records: z.array(z.unknown()),
        }),
      })
      .safeParse(content);
    if (!page.success || !page.data.data.pagination.has_next) return result;
    const { data } = page.data;
    return { ...others, body: JSON.stringify({ ...page.data, data: { ...data, records: data.records.slice(0, -1) } }) };
  },
});

/** Mistakes in how batches come in, are finished, and are shown. */
export const INTAKE_MUTANTS = {
  'accepts-unconditionally': acceptsUnconditionally,
  'burns-references': burnsReferences,
  'replays-other-content': replaysOtherContent,
  'replays-under-new-time': replaysUnderNewTime,
  'refuses-repeats': refusesRepeats,
  'drops-defaults': dropsDefaults,
  'leaves-chunks': leavesChunks,
  'finds-other-organisations': findsOtherOrganisations,
  'acknowledges-failures': acknowledgesFailures,
  'fails-what-is-done': failsWhatIsDone,
  'loses-reports': losesReports,
  'overwrites-reports': overwritesReports,
  'reports-no-failed-rows': reportsNoFailedRows,
  'closes-late': closesLate,
  'never-closes': neverCloses,
  'recovers-nothing': recoversNothing,
  'drops-last-of-page': dropsLastOfPage,
} as const satisfies Record<string, () => Mutant>;
