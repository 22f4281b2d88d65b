import { relative } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Endpoints } from '#local/endpoints.ts';
import type { MeterReading } from '#local/meter.ts';
import { type Progress, progressOn } from '#local/progress.ts';
import type { SimulatorControl } from '#simulator/control-client.ts';
import { type ApiClient, ApiError, apiClient, type BatchStatusAnswer } from './api-client.ts';
import { demoConsents, failingConsents } from './demo-consents.ts';
import type { DemoOptions } from './demo-options.ts';
import { addReadings, readMeter } from './demo-readings.ts';
import { countFailures, duration, formatReport, promisesOf } from './demo-report.ts';
import type { ProductProcess } from './product-process.ts';

const MAX_PAGE = 1000;
/** A batch may take 24 h (times TIME_SCALE); the demo doesn't wait that long. */
const MAX_MINUTES = 60;
/** How far a batch is when the product is killed, by the share of its FI requests and its ended rows. */
const KILLED_AT = [0.1, 0.3, 0.5, 0.7];

/** One batch through the product, which may be killed meanwhile. */
export class DemoRun {
  readonly #options: DemoOptions;
  readonly #product: ProductProcess;
  readonly #finPro: SimulatorControl;
  /** What processes had counted before they were killed. */
  readonly #readings: MeterReading[] = [];

  constructor(options: DemoOptions, product: ProductProcess, finPro: SimulatorControl) {
    this.#options = options;
    this.#product = product;
    this.#finPro = finPro;
  }

  /** Returns the exit code: 0 when every row has ended and every promise is kept. */
  async run(): Promise<number> {
    const { rows, file, kill, units, timeScale } = this.#options;
    let endpoints = await this.#product.start();
    const consents = demoConsents(rows, { refused: !kill });
    await this.#finPro.register(failingConsents(consents));
    const startedAt = performance.now();
    const { reference_id, batch_id } = await submit(apiOf(endpoints), file, consents);
    const accepted = ((performance.now() - startedAt) / 1000).toFixed(2);
    console.log(
      `Accepted ${file === undefined ? `${rows} consents` : relative('', file)} as ${reference_id} (batch ${batch_id}) in ${accepted} s`,
    );

    const progress = progressOn(process.stdout);
    let status: BatchStatusAnswer;
    try {
      for (const killedAt of kill ? KILLED_AT : []) {
        status = await this.#follow(apiOf(endpoints), reference_id, progress, startedAt, killedAt);
        if (isOver(status)) break;
        this.#readings.push(await readMeter(endpoints.local));
        await this.#product.kill();
        progress.end(
          'killed',
          `Killed the product (SIGKILL) with ${status.summary.in_progress} rows in progress; starting it again …`,
        );
        endpoints = await this.#product.start();
      }
      status = await this.#follow(apiOf(endpoints), reference_id, progress, startedAt);
    } finally {
      progress.stop();
    }
    const elapsed = performance.now() - startedAt;
    const kills = this.#readings.length;
    const meter = addReadings([...this.#readings, await readMeter(endpoints.local)]);
    const records = await allRecords(apiOf(endpoints), reference_id);
    const [calls, stats] = await Promise.all([this.#finPro.calls(), this.#finPro.stats()]);
    const promises = promisesOf({ summary: status.summary, records, calls, stats, kills });
    const failures = countFailures(records);
    const isSample = file === undefined;
    console.log(formatReport({ status, failures, promises, isSample, elapsed, timeScale, meter, kills, units }));
    return status.summary.total > 0 && promises.every(({ kept }) => kept) ? 0 : 1;
  }

  /** Polls the batch until it has ended, or until this share of it is done. */
  async #follow(
    api: ApiClient,
    referenceId: string,
    progress: Progress,
    startedAt: number,
    share = Number.POSITIVE_INFINITY,
  ): Promise<BatchStatusAnswer> {
    for (;;) {
      const status = await api.status({ reference_id: referenceId, limit: 1 });
      progress.show('demo', status.summary, timeLeft(status.summary, performance.now() - startedAt));
      if (isOver(status) || performance.now() - startedAt > MAX_MINUTES * 60_000) return status;
      const { total, completed, failed } = status.summary;
      const asked = Number.isFinite(share) ? (await this.#finPro.stats()).fiRequests : 0;
      if ((Math.min(asked, total) + completed + failed) / (2 * Math.max(total, 1)) >= share) return status;
      await wait(this.#options.kill ? 100 : 1_000);
    }
  }
}

const isOver = ({ batch_status }: BatchStatusAnswer): boolean =>
  batch_status === 'COMPLETED' || batch_status === 'FAILED';

/** How long the rest takes if it goes on like this; a row in progress is half done. */
function timeLeft({ total, in_progress, completed, failed }: BatchStatusAnswer['summary'], elapsed: number): string {
  const done = (completed + failed + in_progress / 2) / Math.max(total, 1);
  return done < 0.05 || done === 1 ? '' : `about ${duration(((elapsed / 1000) * (1 - done)) / done)} left`;
}

const apiOf = ({ api, tenants: [tenant] }: Endpoints): ApiClient => {
  if (tenant === undefined) throw new Error('the product has no tenant');
  return apiClient(api, tenant);
};

async function submit(api: ApiClient, file: string | undefined, consents: ReturnType<typeof demoConsents>) {
  if (file === undefined) {
    const consents_list = consents.map(({ consentId }) => ({ consent_id: consentId }));
    return api.schedule({ reference_id: `demo-${Date.now()}`, consents_list, configId: 'demo' });
  }
  try {
    return await api.upload(file);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw new Error(`${relative('', file)} was refused: ${error.message}`, { cause: error });
  }
}

async function allRecords(api: ApiClient, referenceId: string): Promise<BatchStatusAnswer['records']> {
  const records: BatchStatusAnswer['records'] = [];
  for (let page = 1; ; page += 1) {
    const answer = await api.status({ reference_id: referenceId, page, limit: MAX_PAGE });
    records.push(...answer.records);
    if (!answer.pagination.has_next) return records;
  }
}
