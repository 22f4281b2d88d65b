import { setTimeout as wait } from 'node:timers/promises';
import { startEnvironment } from '#local/environment.ts';
import { simulatorControl } from '#simulator/control-client.ts';
import { type ApiClient, apiClient, type BatchStatusAnswer } from './api-client.ts';
import { demoConsents, failingConsents } from './demo-consents.ts';
import { readDemoOptions } from './demo-options.ts';
import { progressOn } from './demo-progress.ts';
import { countFailures, formatReport } from './demo-report.ts';

const MAX_PAGE = 1000;
/** A batch may take 24 h (times TIME_SCALE); the demo doesn't wait that long. */
const MAX_MINUTES = 60;

const options = readDemoOptions();
const { timeScale } = options;

console.log('Starting the local cloud and the FinPro simulator …');
const environment = await startEnvironment({ timeScale });
try {
  process.exitCode = await demonstrate();
} finally {
  await environment.close();
}

/** Runs a batch through the whole product. Returns the exit code: 0 when every row is terminal. */
async function demonstrate(): Promise<number> {
  const [tenant] = environment.tenants;
  if (!tenant) throw new Error('the environment has no tenant');
  const api = apiClient(environment.endpoints.api, tenant);
  const consents = demoConsents(options.rows);
  await simulatorControl(environment.simulator.url).register(failingConsents(consents));

  environment.cloud.meter.reset();
  const startedAt = performance.now();
  const { reference_id, batch_id } = await (options.file === undefined
    ? api.schedule({
        reference_id: `demo-${Date.now()}`,
        consents_list: consents.map(({ consentId }) => ({ consent_id: consentId })),
        configId: 'demo',
      })
    : api.upload(options.file));
  const accepted = (performance.now() - startedAt) / 1000;
  const what = options.file ?? `${options.rows} consents`;
  console.log(`Accepted ${what} as ${reference_id} (batch ${batch_id}) in ${accepted.toFixed(2)} s`);

  const status = await follow(api, reference_id);
  const elapsed = performance.now() - startedAt;
  const failures = countFailures(await failedRecords(api, reference_id));
  const isSample = options.file === undefined;
  const meter = environment.cloud.meter.read();
  console.log(formatReport({ status, failures, isSample, elapsed, timeScale, meter }));
  const { total, completed, failed } = status.summary;
  return total > 0 && completed + failed === total ? 0 : 1;
}

async function follow(api: ApiClient, referenceId: string): Promise<BatchStatusAnswer> {
  const progress = progressOn(process.stdout);
  const giveUpAt = performance.now() + MAX_MINUTES * 60_000;
  try {
    for (;;) {
      const status = await api.status({ reference_id: referenceId, limit: 1 });
      progress.show(status.summary);
      const isOver = status.batch_status === 'COMPLETED' || status.batch_status === 'FAILED';
      if (isOver || performance.now() > giveUpAt) return status;
      await wait(1_000);
    }
  } finally {
    progress.stop();
  }
}

async function failedRecords(api: ApiClient, referenceId: string): Promise<BatchStatusAnswer['records']> {
  const records: BatchStatusAnswer['records'] = [];
  for (let page = 1; ; page += 1) {
    const filters = { status: ['FAILED'] };
    const answer = await api.status({ reference_id: referenceId, filters, page, limit: MAX_PAGE });
    records.push(...answer.records);
    if (!answer.pagination.has_next) return records;
  }
}
