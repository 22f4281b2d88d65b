import { z } from 'zod';
import { isFinished } from '#lambdas/chunk/chunk.ts';
import { QUEUES } from '#lib/topology.ts';
import { referenceOf } from '../world/batches.ts';
import { START } from '../world/start.ts';
import { checkAdoptions } from './adoptions.ts';
import type { ApiClients } from './clients.ts';
import { canBeOf, isRepeat } from './content.ts';
import { showsAccounts, storesWhatWasSubmitted } from './content-checks.ts';
import { MOST_COPIES } from './disturb.ts';
import type { Family, FaultMix } from './fault-mix.ts';
import type { Observer, Sight } from './observer.ts';
import type { Attempt, PlannedBatch } from './plan.ts';
import { faultOf } from './reference-model.ts';
import { keepsRequestRules } from './request-rules.ts';
import { isRequestOf } from './shared-consents.ts';
import type { StatusRecord } from './status-answer.ts';
import { askedByConsent, asksForWhatWasAsked, keepsUpstreamRules } from './upstream-checks.ts';
import { type Evidence, evidenceOf } from './upstream-evidence.ts';
import { invariant } from './violation.ts';
import type { SimulatedWorld } from './wiring.ts';

export interface EndedWorld extends SimulatedWorld {
  readonly clients: ApiClients;
  readonly observer: Observer;
}

/**
 * What holds when everything has come to rest.
 * @returns how many rows recovery has given up
 */
export async function checkEnd(ended: EndedWorld): Promise<number> {
  let givenUp = 0;
  const { world, plan, finPro } = ended;
  const { history } = world;
  const calls = Map.groupBy(finPro.calls, ({ consentId }) => consentId.toLowerCase());
  const { leftUnderWay, lostRaces } = world.containers;
  const isAlone = ended.mix.families.every((family) => ALONE.includes(family));
  invariant(!isAlone || lostRaces.length === 0, () => `a race was lost to nobody: ${lostRaces[0]}`);
  invariant(leftUnderWay.length === 0, () => `${leftUnderWay[0]} ended with calls under way`);
  keepsUpstreamRules(ended);
  const sights = new Map<PlannedBatch, Sight>();
  for (const batch of plan.batches) {
    const sight = await ended.observer.look(batch);
    if (sight) sights.set(batch, sight);
    else checkAbsent(ended, batch);
    if (sight) checkCorrected(ended, batch, sight);
  }
  const contents = [...sights.values()].flatMap(({ content }) => content ?? []);
  for (const [consentId, asked] of askedByConsent(contents)) {
    asksForWhatWasAsked(consentId, calls.get(consentId) ?? [], asked);
  }
  const evidenceFor = (batch: PlannedBatch, consentId: string): Evidence =>
    evidenceOf(calls.get(consentId.toLowerCase()) ?? [], (request) => isRequestOf(batch, request));
  checkAdoptions(sights, finPro.calls, evidenceFor);
  const rows = Map.groupBy(
    contents.flatMap((content) => content.rows),
    ({ consentId }) => consentId.toLowerCase(),
  );
  for (const [batch, sight] of sights) {
    history.note('end', `${batch.tenant.organisationId}/${batch.referenceId}: ${JSON.stringify(sight.data.summary)}`);
    checkRows(ended, batch, sight, {
      evidenceFor: (consentId) => evidenceFor(batch, consentId),
      rowsWith: (consentId) => rows.get(consentId.toLowerCase())?.length ?? 0,
    });
    checkRefusals(ended, batch, sight);
    await checkPages(ended.observer, batch, sight);
    await checkIsolation(ended, batch, sight);
    await checkLeftovers(ended, batch, sight);
    givenUp += sight.data.records.filter(({ error }) => error?.code === 'ProcessingFailed').length;
  }
  checkRemains(ended);
  return givenUp;
}

/** Families under which every answer that FinPro sends is heard and stored. */
const HEARING: readonly Family[] = ['pauses', 'clocks', 'deploy', 'recovery', 'clients'];

/** Families under which nobody but the worker that leased a chunk writes it: its writes only come twice. */
const ALONE: readonly Family[] = ['repeat', 'pauses', 'clients', 'upstream', 'outage'];

/**
 * A message is set aside only after its last receive, and items of a batch that was not accepted lie around only where their worker could not
 * remove them: each receive and each removal that went wrong had a fault.
 */
function checkRemains({ world, stored, strikes, mix }: EndedWorld): void {
  // Another copy of a message may find the lease of a worker that died.
  const copies = mix.families.includes('messages') ? MOST_COPIES : 1;
  // While no worker is there, messages go round until they are set aside.
  const isAbsent = mix.families.includes('absence');
  const setAside = [
    [isAbsent ? [] : world.chunkQueue.deadLetters, QUEUES.chunk.maxReceiveCount, copies * strikes.on('start-chunk')],
    [world.fileQueue.deadLetters, QUEUES.file.maxReceiveCount, copies * strikes.on('ingest-file')],
  ] as const;
  for (const [deadLetters, receives, faults] of setAside) {
    invariant(
      deadLetters.length * receives <= faults,
      () => `messages were set aside after ${faults} faults: ${deadLetters.join()}`,
    );
  }
  const accepted = new Set([...stored.batches.values()].map(({ batch }) => batch.batchId));
  const left = [...stored.batchIds()].filter((batchId) => !accepted.has(batchId));
  const faults = strikes.on('schedule-batch', 'upload-batch', 'ingest-file');
  invariant(
    left.length <= faults,
    () => `items of batches that were not accepted are left, after ${faults} faults: ${left.join()}`,
  );
}

/** A reference without a batch: nobody was told of one, and what was sent for it never came, or its upload didn't. */
function checkAbsent({ clients, world }: EndedWorld, batch: PlannedBatch): void {
  const { attempts, referenceId } = batch;
  const isUpload = ({ way }: Attempt): boolean => way === 'presigned';
  invariant(
    clients.answersOf(batch).every(({ attempt }) => isUpload(attempt)),
    () => `${referenceId} was accepted and is gone`,
  );
  invariant(
    clients.refusalsOf(batch).length === 0 || attempts.some(isUpload),
    () => `${referenceId} was said to be taken, and is not there`,
  );
  invariant(
    // A reservation for an upload that never comes refuses a dropped file, and lapses.
    !attempts.some(({ way }) => way === 'drop') || world.fileQueue.deadLetters.length > 0 || attempts.some(isUpload),
    () => `${referenceId} was dropped, and is not there`,
  );
}

/** What could not be read was always followed by a good file, with the same form or under the same name. */
function checkCorrected({ world }: EndedWorld, { attempts, referenceId }: PlannedBatch, { data }: Sight): void {
  // One of several may have been void by then: another form, or a batch, had its reference.
  const isAlone = attempts.length === 1 || attempts.every(({ way }) => way === 'drop');
  invariant(
    data.summary.total > 0 || data.batch_status !== 'FAILED' || !isAlone || world.fileQueue.deadLetters.length > 0,
    () => `the corrected file of ${referenceId} started no batch`,
  );
}

/** A submission that repeats the stored one, by its key, is never refused. */
function checkRefusals({ clients }: EndedWorld, batch: PlannedBatch, { data, content }: Sight): void {
  for (const { attempt, batchId } of clients.refusalsOf(batch)) {
    if (attempt.way === 'presigned' || attempt.idempotencyKey === null || batchId !== data.batch_id) continue;
    // Whichever of these was accepted, this one repeats it.
    const stored = batch.attempts.filter((other) => content !== null && canBeOf(content, other));
    const isRepeated = stored.every(
      (other) => isRepeat(other, attempt) && other.idempotencyKey === attempt.idempotencyKey,
    );
    invariant(
      stored.length === 0 || !isRepeated,
      () => `${batch.referenceId}.${attempt.number} was refused, and repeats what is stored`,
    );
  }
}

/** What is known of consents beside the batch that is looked at. */
interface KnownOfConsents {
  evidenceFor(consentId: string): Evidence;
  /** How many rows of all batches hold it. */
  rowsWith(consentId: string): number;
}

function checkRows(
  ended: EndedWorld,
  batch: PlannedBatch,
  sight: Sight,
  { evidenceFor, rowsWith }: KnownOfConsents,
): void {
  const { data, content, endedAt } = sight;
  if (!content) return;
  const acceptedAt = Date.parse(data.metadata.submitted_at);
  const twins = Map.groupBy(content.rows, ({ consentId }) => consentId.toLowerCase());
  const name = `${batch.tenant.organisationId}/${batch.referenceId}`;
  const isUndisturbed = !canStall(ended.mix) && !canBeLate(ended, batch, acceptedAt);
  showsAccounts(ended, name, sight, ({ consentId }) => evidenceFor(consentId), isUndisturbed);
  const own = new Set(ended.plan.ownSessions.map((session) => session.consentId));
  const isShared = (consentId: string): boolean =>
    rowsWith(consentId) > (twins.get(consentId.toLowerCase())?.length ?? 0);
  const possible = { canStall: canStall(ended.mix), canBeLate: canBeLate(ended, batch, acceptedAt) };
  content.rows.forEach(({ consentId, script }, index) => {
    const record = data.records[index];
    if (!record) return;
    const fault = faultOf({
      record,
      script,
      evidence: evidenceFor(consentId),
      twins: rowsWith(consentId),
      isContested: own.has(consentId) || isShared(consentId),
      acceptedAt,
      endedAt: endedAt.get(record.id) ?? Number.POSITIVE_INFINITY,
      ...possible,
      settings: ended.world.settings(),
    });
    invariant(
      fault === null,
      () => `row ${record.id} of ${name} ended as it must not: ${fault}: ${JSON.stringify(record)}`,
    );
  });
  for (const [consentId, rows] of twins) {
    if (rows[0]?.script === null) continue;
    const isGivenUp = data.records.some(
      (record) => record.consent_id.toLowerCase() === consentId && record.error?.code === 'ProcessingFailed',
    );
    keepsRequestRules(consentId, evidenceFor(consentId), {
      rows: rows.length,
      isGivenUp,
      isHeard: ended.mix.families.every((family) => HEARING.includes(family)),
      isShared: isShared(consentId),
    });
  }
}

const STALLING: readonly Family[] = [
  'death',
  'failure',
  'repeat',
  'table',
  'hang',
  'slow',
  'certain',
  'messages',
  'executions',
  'recovery',
];
const canStall = ({ families }: FaultMix): boolean => families.some((family) => STALLING.includes(family));

/** What recovery needs at the most to set a chunk going again, once nothing goes wrong any more. */
const HEALING = 60 * 60_000;
/** FI request, probes, polls, balances. */
const CALLS_A_ROW = 20;

/** Whether a batch may have reached its deadline: something went wrong until shortly before it, or the upstream's budget does not suffice. */
function canBeLate(
  { mix, world, plan, rateWindows }: EndedWorld,
  { tenant }: PlannedBatch,
  acceptedAt: number,
): boolean {
  const { batchDeadline, upstream } = world.settings();
  const rows = plan.batches
    .filter((other) => other.tenant === tenant)
    .reduce((sum, { attempts }) => sum + Math.max(...attempts.map((attempt) => attempt.rows.length)), 0);
  const callingAt = (limit: number, window: number): number =>
    ((rows * CALLS_A_ROW) / Math.max(1, Math.floor(limit * 0.9))) * window;
  const { limit, windowSeconds } = rateWindows.rateLimit;
  const calling = Math.max(callingAt(upstream.limit, upstream.window), callingAt(limit, windowSeconds * 1000));
  const lastOutage = Math.max(0, ...[...mix.outages, ...mix.absences].map(({ to }) => to));
  const isDisturbed = mix.families.some((family) => family !== 'outage' && family !== 'absence');
  const calmAt = Math.max(lastOutage, isDisturbed ? mix.calmFrom : 0);
  return START + calmAt + HEALING + calling > acceptedAt + batchDeadline;
}

/** Pages of a fixed filter over a finished batch have neither gap nor duplicate. */
async function checkPages(observer: Observer, { tenant, referenceId }: PlannedBatch, { data }: Sight): Promise<void> {
  const filters: readonly (readonly [object, (record: StatusRecord) => boolean])[] = [
    [{}, () => true],
    [{ status: ['FAILED'] }, ({ status }) => status === 'FAILED'],
    [{ status: ['COMPLETED', 'READY'] }, ({ status }) => status === 'COMPLETED'],
    [{ retry_eligible: 'Yes' }, ({ retry_eligible }) => retry_eligible === 'Yes'],
  ];
  const limit = Math.max(2, Math.ceil(data.records.length / 3));
  for (const [filters_, matches] of filters) {
    const expected = data.records.filter(matches).map(({ id }) => id);
    const shown: number[] = [];
    for (let page = 1; page <= Math.ceil(expected.length / limit) + 1; page += 1) {
      const part = await observer.ask(tenant, { reference_id: referenceId, filters: filters_, page, limit });
      shown.push(...(part?.records ?? []).map(({ id }) => id));
    }
    invariant(
      String(shown) === String(expected),
      () => `the pages of ${referenceId} with ${JSON.stringify(filters_)} show ${shown} for ${expected}`,
    );
  }
}

/** Another organisation sees its own batch of that reference, or none. */
async function checkIsolation(
  { plan, observer }: EndedWorld,
  { tenant, referenceId }: PlannedBatch,
  { data }: Sight,
): Promise<void> {
  const other = plan.tenants.find(({ organisationId }) => organisationId !== tenant.organisationId);
  if (!other) return;
  const seen = await observer.ask(other, { reference_id: referenceId, limit: 1000 });
  const own = new Set(
    data.records.filter(({ consent_id }) => !consent_id.startsWith('not-')).map(({ consent_id }) => consent_id),
  );
  invariant(
    seen === null || (seen.batch_id !== data.batch_id && seen.records.every(({ consent_id }) => !own.has(consent_id))),
    () => `${other.organisationId} sees ${tenant.organisationId}/${referenceId}`,
  );
}

/** How long after its last row a batch is closed, where nothing goes wrong: it takes some writes. */
const CLOSING = 10_000;

/** No lease, no open-batch entry, what was submitted, and a report where there has to be one. */
async function checkLeftovers(ended: EndedWorld, { tenant, referenceId }: PlannedBatch, sight: Sight): Promise<void> {
  const { world, stored, mix, strikes } = ended;
  const { chunks } = world.portsOf();
  const { organisationId } = tenant;
  const name = `${organisationId}/${referenceId}`;
  const item = stored.batches.get(referenceOf({ organisationId, referenceId }));
  invariant(item !== undefined, () => `${name} is not there`);
  if (!item || item.batch.reservation) return;
  const { batch, finishedAt } = item;
  if (batch.error === null) {
    const states = await chunks.states(batch);
    for (const state of states) {
      invariant(isFinished(state), () => `chunk ${state.key.chunk} of ${name} is not finished`);
      invariant(state.leasedUntil === null, () => `chunk ${state.key.chunk} of ${name} is still leased`);
    }
    invariant(
      batch.finishedChunks.size === batch.chunks,
      () => `${name} has ${batch.finishedChunks.size} of ${batch.chunks} chunks finished`,
    );
    const isStruck = strikes.all > 0 || mix.families.some((family) => ['messages', 'executions'].includes(family));
    const finished = Math.max(...states.map(({ movedAt }) => movedAt));
    const closesBy = isStruck ? Math.max(finished, START + mix.calmFrom) + HEALING : finished + CLOSING;
    invariant(
      finishedAt !== null && finishedAt <= closesBy,
      () => `${name} was closed ${((finishedAt ?? Number.NaN) - finished) / 1000} s after its last row had ended`,
    );
  }
  if (sight.content) await storesWhatWasSubmitted(ended, name, batch, sight.content);
  if (sight.content && batch.source === 'drop' && batch.fileName !== null) checkReport(ended, name, sight);
}

const report = z.object({
  outcome: z.string(),
  reference_id: z.string(),
  batch_id: z.string(),
  summary: z.object({ total: z.number(), completed: z.number(), failed: z.number() }),
  failed_rows: z.array(z.object({ id: z.number(), error: z.object({ code: z.string() }) })),
});

/** The report on a dropped file says what the status says (docs/spec/upload-batch.md, "The drop folder"). */
function checkReport({ world }: EndedWorld, name: string, { data }: Sight): void {
  const written = world.bucket.reports.get(`drop-reports/${name}.json`);
  const parsed = report.safeParse(written);
  const { total, completed, failed } = data.summary;
  const failedRows = data.records.filter(({ status }) => status === 'FAILED');
  const rowsOf = (rows: readonly { readonly id: number; readonly error: { readonly code: string } | null }[]): string =>
    rows.map(({ id, error }) => `${id} ${error?.code}`).join();
  const isRight =
    parsed.success &&
    parsed.data.outcome === data.batch_status &&
    parsed.data.reference_id === data.reference_id &&
    parsed.data.batch_id === data.batch_id &&
    String(Object.values(parsed.data.summary)) === String([total, completed, failed]) &&
    rowsOf(parsed.data.failed_rows) === rowsOf(failedRows);
  invariant(isRight, () => `the report of ${name} says ${JSON.stringify(written)}`);
}
