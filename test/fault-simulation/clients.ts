import { z } from 'zod';
import { referenceOf } from '../world/batches.ts';
import type { FunctionName } from '../world/functions.ts';
import { START } from '../world/start.ts';
import { isRepeat } from './content.ts';
import type { Attempt, PlannedBatch } from './plan.ts';
import { type ApiAnswer, apiAnswer } from './status-answer.ts';
import { type ApiRequest, dropKey, fileOf, presignRequest, scheduleRequest, uploadRequest } from './submissions.ts';
import { invariant } from './violation.ts';
import type { SimulatedWorld } from './wiring.ts';

/** An attempt that was answered with success, and the batch that it was told of. */
export interface Answered {
  readonly attempt: Attempt;
  readonly batchId: string;
  readonly text: string;
}

/** An attempt that was told that its reference is taken. */
export interface Refused {
  readonly attempt: Attempt;
  /** The batch that was stored under the reference then. */
  readonly batchId: string;
}

/** The clients of the API: each submits what is planned until it has a definite answer. */
export interface ApiClients {
  /** How many attempts have no definite answer yet. */
  readonly busy: number;
  /** Successful answers, by batch as planned. */
  answersOf(batch: PlannedBatch): readonly Answered[];
  /** Whether an empty file was posted with a batch's form: its reference is then free for others. */
  isSpoilt(batchId: string): boolean;
  /** Attempts that were refused because the reference is taken, by batch as planned. */
  refusalsOf(batch: PlannedBatch): readonly Refused[];
}

/** No client waits longer: API Gateway's own limit. */
const PATIENCE = 29_000;
/** Of one attempt, over all the time in which things go wrong. */
const MOST_TRIES = 2_000;

const success = z.object({
  data: z.object({ batch_id: z.string(), fields: z.object({ key: z.string() }).optional() }),
});

export function apiClients({ world, stored, plan, mix, random, shareNow }: SimulatedWorld): ApiClients {
  const { clock, history, containers, bucket } = world;
  const answers = new Map<PlannedBatch, Answered[]>();
  const refusals = new Map<PlannedBatch, Refused[]>();
  const forms = new Map<PlannedBatch, string>();
  const spoilt = new Set<string>();
  let busy = 0;

  /** One call; null when no answer came in time, or the gateway's own. */
  const call = async (name: FunctionName, request: ApiRequest): Promise<ApiAnswer | null> => {
    const isImpatient = random.chance(shareNow(mix.impatience));
    const timer = clock.timer(isImpatient ? random.int(1, 200) : PATIENCE);
    const answer = containers
      .invoke(name, { ...request, requestContext: { requestId: 'not a UUID' } })
      .then(apiAnswer, () => null);
    const first = await Promise.race([answer, timer.done.then(() => null)]);
    timer.cancel();
    return first;
  };

  /**
   * Repeats a call until it is answered with anything but a fault of the service.
   * @param isAlone whether nobody else asks for the reference: then a first call cannot find it taken
   */
  const persist = async (
    who: string,
    name: FunctionName,
    request: ApiRequest,
    isAlone: boolean,
  ): Promise<ApiAnswer | null> => {
    for (let tries = 0; tries < MOST_TRIES; tries += 1) {
      const answer = await call(name, request);
      history.note(who, `${name}: ${answer ? `${answer.status} ${answer.text}`.slice(0, 200) : 'no answer'}`);
      const isTakenByNobody = isAlone && tries === 0 && answer?.status === 409;
      invariant(
        !isTakenByNobody,
        () => `${who} was told that its reference is taken, and nobody else had asked for it`,
      );
      if (answer && answer.status < 500) return answer;
      await clock.wait(random.int(500, 20_000));
    }
    return null;
  };

  const answersOf = (batch: PlannedBatch): readonly Answered[] => answers.get(batch) ?? [];

  /** A reference is taken only while something is stored under it. */
  const refuse = (batch: PlannedBatch, attempt: Attempt, who: string): void => {
    const { tenant, referenceId } = batch;
    const item = stored.batches.get(referenceOf({ organisationId: tenant.organisationId, referenceId }));
    invariant(item !== undefined, () => `${who} was told that its reference is taken, and nothing is stored under it`);
    if (item) refusals.set(batch, [...(refusals.get(batch) ?? []), { attempt, batchId: item.batch.batchId }]);
  };

  const put = (attempt: Attempt, key: string): void => {
    bucket.put(key, fileOf(attempt));
  };

  /** Some put an empty file there before or after, by mistake: the batch's report stays the batch's. */
  const drop = async (batch: PlannedBatch, attempt: Attempt): Promise<void> => {
    const key = dropKey(batch, attempt);
    const emptyAfter = random.pick([null, 0, random.int(1, 600_000)]);
    if (emptyAfter === 0) bucket.put(key, new Uint8Array());
    put(attempt, key);
    if (!emptyAfter) return;
    await clock.wait(emptyAfter);
    bucket.put(key, new Uint8Array());
  };

  const submit = async (batch: PlannedBatch, attempt: Attempt): Promise<void> => {
    await clock.wait(START + attempt.at - clock.now());
    const { tenant, referenceId } = batch;
    const who = `${tenant.client_id} ${referenceId}.${attempt.number}`;
    history.note(who, `submits ${attempt.rows.length} rows as ${attempt.way}`);
    if (attempt.way === 'drop') return drop(batch, attempt);
    const isAlone = batch.attempts.length === 1;
    const answer =
      attempt.way === 'json'
        ? await persist(who, 'schedule-batch', scheduleRequest(batch, attempt), isAlone)
        : attempt.way === 'form'
          ? await persist(who, 'upload-batch', uploadRequest(batch, attempt), isAlone)
          : await persist(who, 'create-upload', presignRequest(batch, attempt), isAlone);
    invariant(answer !== null, () => `${who} got no definite answer in ${MOST_TRIES} tries`);
    if (answer === null) return;
    if (answer.status === 409) refuse(batch, attempt, who);
    const form = forms.get(batch);
    // Whoever has the form can post another version of the file with it.
    if (answer.status === 409 && attempt.way === 'presigned' && form !== undefined) return put(attempt, form);
    if (answer.status === 409) return;
    invariant(answer.status === 200, () => `${who} was refused: ${answer.status} ${answer.text}`);
    const { batch_id: batchId, fields } = success.parse(answer.body).data;
    const earlier = answersOf(batch).find(
      (other) =>
        attempt.idempotencyKey !== null &&
        other.attempt.idempotencyKey === attempt.idempotencyKey &&
        isRepeat(other.attempt, attempt),
    );
    // A form is made anew each time. Every other answer to a repeat is the first one, byte for byte.
    invariant(
      earlier === undefined || attempt.way === 'presigned' || earlier.text === answer.text,
      () => `${who} was answered ${answer.text}, and its repeat before ${earlier?.text}`,
    );
    answers.set(batch, [...(answers.get(batch) ?? []), { attempt, batchId, text: answer.text }]);
    if (!fields) return;
    forms.set(batch, fields.key);
    if (attempt.rows.length % 3 === 0) {
      // By mistake the empty file goes first, and then the right one with the same form.
      spoilt.add(batchId);
      bucket.put(fields.key, new Uint8Array());
      await clock.wait(attempt.rows.length * 1_000);
    }
    put(attempt, fields.key);
  };

  const watch = async (batch: PlannedBatch, attempt: Attempt): Promise<void> => {
    busy += 1;
    await submit(batch, attempt);
    busy -= 1;
  };
  const failures: unknown[] = [];
  for (const batch of plan.batches) {
    for (const attempt of batch.attempts) void watch(batch, attempt).catch((error: unknown) => failures.push(error));
  }
  return {
    get busy() {
      if (failures.length > 0) throw failures[0];
      return busy;
    },
    answersOf,
    isSpoilt: (batchId) => spoilt.has(batchId),
    refusalsOf: (batch) => refusals.get(batch) ?? [],
  };
}
