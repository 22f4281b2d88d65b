import { isFinished } from '#lambdas/chunk/chunk.ts';
import { referenceOf } from '../world/batches.ts';
import { START } from '../world/start.ts';
import type { ApiClients } from './clients.ts';
import type { Family, FaultMix } from './fault-mix.ts';
import type { Observer, Sight } from './observer.ts';
import type { PlannedBatch } from './plan.ts';
import { faultOf } from './reference-model.ts';
import { keepsRequestRules } from './request-rules.ts';
import type { StatusRecord } from './status-answer.ts';
import { evidenceOf } from './upstream-evidence.ts';
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
  checkRateWindows(ended);
  const { leftUnderWay, lostRaces } = world.containers;
  const isAlone = ended.mix.families.every((family) => ALONE.includes(family));
  invariant(!isAlone || lostRaces.length === 0, () => `a race was lost to nobody: ${lostRaces[0]}`);
  invariant(leftUnderWay.length === 0, () => `${leftUnderWay[0]} ended with calls under way`);
  for (const batch of plan.batches) {
    const sight = await ended.observer.look(batch);
    if (!sight) {
      checkAbsent(ended, batch);
      continue;
    }
    history.note('end', `${batch.tenant.organisationId}/${batch.referenceId}: ${JSON.stringify(sight.data.summary)}`);
    checkRows(ended, batch, sight, (consentId) => evidenceOf(calls.get(consentId.toLowerCase()) ?? []));
    await checkPages(ended.observer, batch, sight);
    await checkIsolation(ended, batch, sight);
    await checkLeftovers(ended, batch, sight);
    givenUp += sight.data.records.filter(({ error }) => error?.code === 'ProcessingFailed').length;
  }
  checkRemains(ended);
  return givenUp;
}

/** Families under which what the upstream said can be lost. */
const FORGETFUL: readonly Family[] = ['death', 'failure', 'hang', 'certain', 'upstream', 'outage'];

const canForget = ({ families }: FaultMix): boolean => families.some((family) => FORGETFUL.includes(family));

/**
 * No window has more calls than its limit, but for the first two where nothing is known of them yet. Calls of the
 * organisation itself come as they like.
 */
function checkRateWindows({ finPro, mix, rateWindows: { isExpected, ownCalls } }: EndedWorld): void {
  const canBeUnknown = !isExpected && canForget(mix);
  if (ownCalls > 0 || canBeUnknown) return;
  const over = finPro.overLimit.filter(({ number }) => isExpected || number > 2);
  invariant(over.length === 0, () => `${over.length} windows went over the limit, the first at ${over[0]?.at}`);
}
/** Families under which nobody but the worker that leased a chunk writes it: its writes only come twice. */
const ALONE: readonly Family[] = ['repeat', 'pauses', 'clients', 'upstream', 'outage'];

/** Families under which no worker dies or fails in the middle of something. */
const GENTLE: readonly Family[] = ['pauses', 'clocks', 'deploy', 'recovery', 'upstream', 'outage', 'clients'];

/** Where nobody died, no message is set aside, and no items lie around of a batch that was not accepted. */
function checkRemains({ mix, world, stored }: EndedWorld): void {
  if (!mix.families.every((family) => GENTLE.includes(family))) return;
  const { deadLetters } = world.chunkQueue;
  invariant(deadLetters.length === 0, () => `messages were set aside: ${deadLetters.join()}`);
  const accepted = new Set([...stored.batches.values()].map(({ batch }) => batch.batchId));
  for (const batchId of stored.batchIds()) {
    invariant(accepted.has(batchId), () => `items of a batch that was not accepted are left: ${batchId}`);
  }
}

/** A reference without a batch: nobody was told of one, or its upload never came. */
function checkAbsent({ clients }: EndedWorld, batch: PlannedBatch): void {
  const answers = clients.answersOf(batch);
  invariant(
    answers.every(({ attempt }) => attempt.way === 'presigned'),
    () => `${batch.referenceId} was accepted and is gone`,
  );
}

function checkRows(
  ended: EndedWorld,
  batch: PlannedBatch,
  { data, content, endedAt }: Sight,
  evidenceFor: (consentId: string) => ReturnType<typeof evidenceOf>,
): void {
  if (!content) return;
  const acceptedAt = Date.parse(data.metadata.submitted_at);
  const twins = Map.groupBy(content.rows, ({ consentId }) => consentId.toLowerCase());
  const possible = { canStall: canStall(ended.mix), canBeLate: canBeLate(ended, batch, acceptedAt) };
  content.rows.forEach(({ consentId, script }, index) => {
    const record = data.records[index];
    if (!record) return;
    const fault = faultOf({
      record,
      script,
      evidence: evidenceFor(consentId),
      twins: twins.get(consentId.toLowerCase())?.length ?? 1,
      acceptedAt,
      endedAt: endedAt.get(record.id) ?? Number.POSITIVE_INFINITY,
      ...possible,
      settings: ended.world.settings(),
    });
    invariant(
      fault === null,
      () =>
        `row ${record.id} of ${batch.tenant.organisationId}/${batch.referenceId} ended as it must not: ${fault}: ${JSON.stringify(record)}`,
    );
  });
  for (const [consentId, rows] of twins) {
    if (rows[0]?.script === null) continue;
    const isGivenUp = data.records.some(
      (record) => record.consent_id.toLowerCase() === consentId && record.error?.code === 'ProcessingFailed',
    );
    const isHeard = !canForget(ended.mix);
    keepsRequestRules(consentId, evidenceFor(consentId), rows.length, isGivenUp, isHeard);
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
function canBeLate({ mix, world, plan }: EndedWorld, { tenant }: PlannedBatch, acceptedAt: number): boolean {
  const { batchDeadline, upstream } = world.settings();
  const rows = plan.batches
    .filter((other) => other.tenant === tenant)
    .reduce((sum, { attempts }) => sum + Math.max(...attempts.map((attempt) => attempt.rows.length)), 0);
  const calling = ((rows * CALLS_A_ROW) / Math.max(1, Math.floor(upstream.limit * 0.9))) * upstream.window;
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

/** No lease, no open-batch entry, and a report where there has to be one. */
async function checkLeftovers(
  { world, stored }: EndedWorld,
  { tenant, referenceId }: PlannedBatch,
  { data }: Sight,
): Promise<void> {
  const { openBatches, chunks } = world.portsOf();
  const { organisationId } = tenant;
  const name = `${organisationId}/${referenceId}`;
  const open = await openBatches.list();
  invariant(open.length === 0, () => `batches are still open: ${JSON.stringify(open)}`);
  const batch = stored.batches.get(referenceOf({ organisationId, referenceId }))?.batch;
  invariant(batch !== undefined, () => `${name} is not there`);
  if (!batch || batch.reservation) return;
  if (batch.error === null) {
    for (const state of await chunks.states(batch)) {
      invariant(isFinished(state), () => `chunk ${state.key.chunk} of ${name} is not finished`);
      invariant(state.leasedUntil === null, () => `chunk ${state.key.chunk} of ${name} is still leased`);
    }
    invariant(
      batch.finishedChunks.size === batch.chunks,
      () => `${name} has ${batch.finishedChunks.size} of ${batch.chunks} chunks finished`,
    );
  }
  if (batch.source !== 'drop' || batch.fileName === null) return;
  const report = world.bucket.reports.get(`drop-reports/${organisationId}/${referenceId}.json`);
  const { completed, failed, total } = data.summary;
  invariant(
    JSON.stringify(report).includes(JSON.stringify({ total, completed, failed }).slice(1, -1)),
    () => `the report of ${name} says ${JSON.stringify(report)}`,
  );
}
