import { setTimeout as wait } from 'node:timers/promises';
import { demoConsents } from '../cli/demo-consents.ts';
import type { MeterReading } from '../local/meter.ts';
import { memoryFigures } from './batch.ts';
import { type CloudOptions, type MeasuredCloud, onCloud, submit, untilCompleted } from './cloud-batch.ts';
import { type Figure, known } from './figure.ts';
import { timed } from './timing.ts';

const GROUP = 'The status call';
const LIMIT = 100;
/** What one execution a row reads for a filtered page of 10,000 rows of 500 bytes, eventually consistent (cost study, section 3). */
const PEER_UNITS = 610;
const CALLS = 15;

/** Pages and filters of a batch; the search is for a part of one consent id. */
function questions(rows: number): { readonly name: string; readonly body: object; readonly target: number | null }[] {
  const last = Math.ceil(rows / LIMIT);
  const id = demoConsents(rows).at(-1)?.consentId.slice(0, 13) ?? '';
  const page = (number: number) => ({ page: number, limit: LIMIT });
  return [
    { name: 'first page', body: page(1), target: 18 },
    { name: 'middle page', body: page(Math.ceil(last / 2)), target: 18 },
    { name: 'last page', body: page(last), target: 18 },
    { name: 'page of COMPLETED', body: { ...page(1), filters: { status: ['COMPLETED'] } }, target: null },
    {
      name: 'page of FAILED, retry Yes',
      body: { ...page(1), filters: { status: ['FAILED'], retry_eligible: 'Yes' } },
      target: null,
    },
    { name: 'search', body: { ...page(1), filters: { search: id } }, target: null },
    { name: 'first page with balances', body: { ...page(1), include_balances: true }, target: null },
  ];
}

/**
 * What the status call of a large batch takes, in read units (those of authentication left out: they are read once a minute) and in time, while
 * nothing else happens and while another batch runs.
 */
export function statusFigures(options: CloudOptions, rows: number): Promise<Figure[]> {
  return onCloud({ ...options, limited: false, balances: true }, async (cloud) => {
    const { api, environment } = cloud;
    const { meter } = environment.cloud;
    const consents = demoConsents(rows).map(({ consentId }) => consentId);
    await submit(api, 'looked-at', consents);
    await untilCompleted(api, 'looked-at');
    const figures: Figure[] = [];
    for (const { name, body, target } of questions(rows)) {
      const ask = () => api.status({ reference_id: 'looked-at', ...body });
      const { median, slowest } = await timed(CALLS, ask);
      const units = await leastUnits(cloud, ask);
      figures.push(
        {
          ...known(GROUP, `${name}: read units`, units, ''),
          target,
          peers: { 'one item a row, filtered': PEER_UNITS },
        },
        known(GROUP, `${name}: median`, median, 'ms'),
        known(GROUP, `${name}: slowest of ${CALLS}`, slowest, 'ms'),
      );
    }
    // Another batch, of consents that have no session yet, keeps both cores busy.
    await submit(
      api,
      'beside-it',
      consents.map((id) => id.replace(/^.{8}/, 'ffffffff')),
    );
    await wait(500);
    const busy = await timed(CALLS, () => api.status({ reference_id: 'looked-at', page: 50, limit: LIMIT }));
    figures.push(known(GROUP, 'middle page while a batch runs: median', busy.median, 'ms'));
    figures.push(known(GROUP, 'middle page while a batch runs: slowest', busy.slowest, 'ms'));
    return [...figures, ...memoryFigures(meter.read())];
  });
}

const readUnits = ({ units }: MeterReading): number => units['dynamodb.readUnit'];

/** Recovery reads as well, every minute of scaled time: the least of some calls is one between its runs. */
async function leastUnits({ environment }: MeasuredCloud, ask: () => Promise<unknown>): Promise<number> {
  const { meter } = environment.cloud;
  let least = Number.POSITIVE_INFINITY;
  for (let time = 0; time < CALLS; time += 1) {
    const before = readUnits(meter.read());
    await ask();
    least = Math.min(least, readUnits(meter.read()) - before);
  }
  return least;
}
