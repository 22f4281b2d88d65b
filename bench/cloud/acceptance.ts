import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { demoConsents } from '#cli/demo-consents.ts';
import { type Figure, figureOf } from '../figure.ts';
import { median } from '../timing.ts';
import { type CloudOptions, onCloud, submit } from './cloud-batch.ts';

const GROUP = 'Acceptance';
const TIMES = 5;
/** API Gateway gives up a call after 29 s; a client after much less. */
const TARGET = 3_000;

/** How long a client waits for the acceptance of some rows, as JSON and as a CSV file in a form, and what it writes. */
export function acceptanceFigures(options: CloudOptions, sizes: readonly number[]): Promise<Figure[]> {
  return onCloud(options, async ({ environment, api, upstream }) => {
    const { cloud } = environment;
    // FI requests of what was accepted before would keep the machine busy: the circuit opens at the first.
    await upstream.changeFaults({ unauthorized: true });
    const folder = await mkdtemp(join(tmpdir(), 'acceptance-'));
    /** What was accepted is not what is measured: its work is taken away. */
    const settle = async (): Promise<void> => {
      cloud.purgeQueue(cloud.environmentOf('CHUNK_QUEUE_URL') ?? '');
      await wait(1_000);
      cloud.abortExecutions();
    };
    const figures: Figure[] = [];
    try {
      for (const rows of sizes) {
        const consents = demoConsents(rows).map(({ consentId }) => consentId);
        const path = join(folder, `${rows}.csv`);
        await writeFile(path, `consentId\n${consents.join('\n')}\n`);
        const ways = {
          JSON: (time: number) => submit(api, `json-${rows}-${time}`, consents),
          CSV: () => api.upload(path),
        };
        for (const [way, accept] of Object.entries(ways)) {
          // The first call pays for a cold start.
          await accept(TIMES);
          await settle();
          const took: number[] = [];
          for (let time = 0; time < TIMES; time += 1) {
            const startedAt = performance.now();
            await accept(time);
            took.push(performance.now() - startedAt);
            await settle();
          }
          figures.push(
            figureOf(GROUP, `${rows.toLocaleString('en')} rows, ${way}`, median(took), 'ms', { target: TARGET }),
          );
        }
      }
      return figures;
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}
