import { z } from 'zod';
import type { Environment } from '#local/environment.ts';
import { Backstage, eventually, PATIENCE } from './backstage.ts';
import { guidOf, Product } from './product.ts';

const form = z.object({ data: z.object({ url: z.string(), fields: z.record(z.string(), z.string()) }) });
const acceptance = z.object({ data: z.object({ batch_id: z.string() }) });

/** Takes a running product through each of its flows once, with a row or two, and rejects when one does not end as it should. */
export async function driveEveryFlow(environment: Environment): Promise<void> {
  const flows = new Flows(environment);
  try {
    await flows.prepare();
    await Promise.all([
      flows.jsonBatch(),
      flows.sameReferenceAtOnce(),
      flows.formUpload(),
      flows.presignedUpload(),
      flows.fileWithoutValidRows(),
      flows.droppedFile('drop-unclosed', READY).then(() => flows.lostClosingWrite('drop-unclosed')),
      flows.droppedFile('drop-repeated', REFUSED).then(() => flows.repeatedMessage('drop-repeated')),
      flows.lostExecution(),
      flows.statusLookUp(),
      flows.unknownPath(),
    ]);
  } finally {
    flows.close();
  }
}

const READY = guidOf('every-flow-ready');
const REFUSED = guidOf('every-flow-refused');
const SLOW = guidOf('every-flow-slow');

class Flows {
  readonly #product: Product;
  /** An organisation that never has a batch. */
  readonly #other: Product;
  readonly #backstage: Backstage;

  constructor(environment: Environment) {
    this.#product = new Product(environment.endpoints, environment.tenants[0]);
    this.#other = new Product(environment.endpoints, environment.tenants[1]);
    this.#backstage = new Backstage(environment, this.#product.tenant.organisationId);
  }

  close(): void {
    this.#backstage.close();
  }

  async prepare(): Promise<void> {
    await this.#product.control('PUT', '/_sim/consents', {
      consents: [
        { consentId: READY, scenario: 'ready', readyAfterSeconds: 1 },
        { consentId: REFUSED, scenario: 'revoked' },
        // Far behind the first poll, so that its execution is stopped while it waits.
        { consentId: SLOW, scenario: 'ready', readyAfterSeconds: 100 },
      ],
    });
  }

  /** A batch as JSON, followed to its end, and read with balances and with a search. */
  async jsonBatch(): Promise<void> {
    await this.#schedule('as-json', READY);
    await this.#finished('as-json');
    await this.#product.records('as-json', { include_balances: true });
    await this.#product.records('as-json', { filters: { search: READY } });
  }

  /** Both find the reference free; the one that comes second takes its chunks back. */
  async sameReferenceAtOnce(): Promise<void> {
    const answers = await Promise.all([this.#submit('same-reference', READY), this.#submit('same-reference', READY)]);
    const statuses = answers.map(({ status }) => status).sort();
    if (String(statuses) !== '200,409') throw new Error(`one reference, submitted twice, was answered ${statuses}`);
  }

  async formUpload(): Promise<void> {
    const body = new FormData();
    body.set('reference_id', 'as-form');
    body.set('file', csvOf(READY));
    const { client_id, client_secret, organisationId, appIdentifier } = this.#product.tenant;
    await fetchOk(new URL('/fi/requests/schedule/upload/v3', this.#product.api), {
      method: 'POST',
      headers: { client_id, client_secret, organisationId, appIdentifier },
      body,
    });
    await this.#finished('as-form');
  }

  async presignedUpload(): Promise<void> {
    const request = { reference_id: 'presigned', file_name: 'consents.csv', content_type: 'text/csv' };
    const { url, fields } = form.parse(
      (await this.#post('/fi/requests/schedule/upload/v3/presign', request)).body,
    ).data;
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.set(name, value);
    body.set('file', csvOf(READY));
    await fetchOk(url, { method: 'POST', body });
    await this.#finished('presigned');
  }

  /** A file in the drop folder, whose report is written when its batch ends. */
  async droppedFile(referenceId: string, consentId: string): Promise<void> {
    await this.#backstage.drop(referenceId, await csvOf(consentId).text());
    await this.#backstage.report(referenceId);
    await this.#finished(referenceId);
  }

  /** SQS delivers at least once: the consumer that finds the batch ended writes its report again. */
  async repeatedMessage(referenceId: string): Promise<void> {
    const written = await this.#backstage.report(referenceId);
    await this.#backstage.repeatMessage(referenceId);
    const isAnother = async () => (await this.#backstage.report(referenceId)) !== written;
    await eventually(isAnother, 'the report is not written again');
  }

  /** Ends when it is taken in: the report is written right then. */
  async fileWithoutValidRows(): Promise<void> {
    await this.#backstage.drop('none-is-valid', 'consentId\nnonsense\n');
    await this.#backstage.report('none-is-valid');
  }

  /** What a crash between the last row and the closing write leaves behind: recovery finishes it. */
  async lostClosingWrite(referenceId: string): Promise<void> {
    const isClosed = async () => !(await this.#backstage.isOpen(referenceId));
    await eventually(isClosed, `${referenceId} is not closed`);
    await this.#backstage.loseClosingWrite(referenceId);
    await eventually(isClosed, `${referenceId} is not closed again by recovery`);
  }

  /** An execution that dies while its chunk waits: recovery queues the chunk again, and the batch ends. */
  async lostExecution(): Promise<void> {
    const { body } = await this.#schedule('lost-execution', SLOW);
    await this.#backstage.stopExecution(acceptance.parse(body).data.batch_id);
    await this.#finished('lost-execution');
  }

  /**
   * By consent first, for the session; then by the session twice: the second answer is one that was kept. And by an
   * organisation that has never called FinPro, so that its ledger is made.
   */
  async statusLookUp(): Promise<void> {
    await this.#other.post('/consent/firequest/status', { consentId: READY });
    await this.#schedule('looked-up', READY);
    await this.#finished('looked-up');
    const [record] = await this.#product.records('looked-up');
    for (const by of [{ consentId: READY }, { sessionId: record?.session_id }, { sessionId: record?.session_id }]) {
      await this.#post('/consent/firequest/status', by);
    }
  }

  async unknownPath(): Promise<void> {
    const { status } = await this.#product.post('/nowhere', {});
    if (status !== 404) throw new Error(`an unknown path was answered ${status}`);
  }

  #submit(referenceId: string, consent_id: string) {
    const body = { reference_id: referenceId, consents_list: [{ consent_id }] };
    return this.#product.post('/v2/schedule/fi/requests', body);
  }

  async #schedule(referenceId: string, consentId: string) {
    return ok(await this.#submit(referenceId, consentId));
  }

  async #post(path: string, body: object) {
    return ok(await this.#product.post(path, body));
  }

  /** A batch that comes through the bucket has no rows, or is unknown, for a moment. */
  async #finished(referenceId: string): Promise<void> {
    const isThere = async () => {
      const { status } = await this.#product.post('/bulk/status', { reference_id: referenceId });
      return status === 200 && (await this.#product.status(referenceId)).summary.total > 0;
    };
    await eventually(isThere, `${referenceId} has no rows`);
    await this.#product.finished(referenceId, PATIENCE);
  }
}

const csvOf = (consentId: string): File =>
  new File([`consentId\n${consentId}\n`], 'consents.csv', { type: 'text/csv' });

function ok<Answered extends { readonly status: number; readonly text: string }>(answer: Answered): Answered {
  if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${answer.text}`);
  return answer;
}

async function fetchOk(url: string | URL, init: RequestInit): Promise<void> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
}
