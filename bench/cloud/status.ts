import { demoConsents, failingConsents } from '#cli/demo-consents.ts';
import { type Figure, figureOf } from '../figure.ts';
import type { PageUnits } from '../peers/row-pages.ts';
import { timed } from '../timing.ts';
import { type CloudOptions, type MeasuredCloud, onCloud, submit, untilCompleted } from './cloud-batch.ts';

const GROUP = 'The status call';
const LIMIT = 100;
const CALLS = 15;

interface Question {
  readonly name: string;
  readonly body: object;
  readonly target: number | null;
  /** What one item a row reads for it: as many rows as are shown, or all of them; null where its rows lack what is shown. */
  readonly peer: 'page' | 'all' | null;
}

/** Pages and filters of a batch; the search is for a part of one consent id. */
function questionsOf(consents: readonly string[]): Question[] {
  const last = Math.ceil(consents.length / LIMIT);
  const id = consents.at(-1)?.slice(0, 13) ?? '';
  const question = (
    name: string,
    page: number,
    body: object,
    target: number | null,
    peer: Question['peer'],
  ): Question => ({
    name,
    body: { page, limit: LIMIT, ...body },
    target,
    peer,
  });
  const failed = { filters: { status: ['FAILED'], retry_eligible: 'Yes' } };
  return [
    question('first page', 1, {}, 18, 'page'),
    question('middle page', Math.ceil(last / 2), {}, 18, 'page'),
    question('last page', last, {}, 18, 'page'),
    // Nearly every row is: a query ends when it has found enough.
    question('page of COMPLETED', 1, { filters: { status: ['COMPLETED'] } }, null, 'page'),
    question('page of FAILED, retry Yes', 1, failed, null, 'all'),
    question('search', 1, { filters: { search: id } }, null, 'all'),
    question('first page with balances', 1, { include_balances: true }, null, null),
  ];
}

/**
 * What the status call of a large batch takes, in read units (those of authentication left out: they are read once a minute) and in time, while
 * nothing else happens and while another batch of the same size runs.
 */
export function statusFigures(options: CloudOptions, rows: number, peer: PageUnits): Promise<Figure[]> {
  return onCloud({ ...options, limited: false, balances: true }, async (cloud) => {
    const { api, upstream } = cloud;
    const consents = demoConsents(rows);
    await upstream.register(failingConsents(consents));
    const ids = consents.map(({ consentId }) => consentId);
    await submit(api, 'looked-at', ids);
    await untilCompleted(api, 'looked-at');
    const questions = questionsOf(ids);
    const idle = await ask(cloud, questions, 'idle');
    const units = await readUnits(cloud, questions, peer, rows);
    // Consents that have no session yet.
    const others = ids.map((id) => id.replace(/^.{8}/, 'ffffffff'));
    await submit(api, 'beside-it', others);
    const busy = await ask(cloud, questions, 'while a batch runs');
    const { batch_status } = await api.status({ reference_id: 'beside-it', limit: 1 });
    if (batch_status !== 'IN_PROGRESS') throw new Error(`the batch beside the status calls is ${batch_status}`);
    return [...units, ...idle, ...busy];
  });
}

/** Asks each question several times. Throws where an answer has no records, which would be no page. */
async function ask({ api }: MeasuredCloud, questions: readonly Question[], when: string): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const { name, body } of questions) {
    const { median, slowest } = await timed(CALLS, async () => {
      const { records } = await api.status({ reference_id: 'looked-at', ...body });
      if (records.length === 0) throw new Error(`${name}: the page is empty`);
    });
    figures.push(figureOf(GROUP, `${name}, ${when}: median`, median, 'ms'));
    figures.push(figureOf(GROUP, `${name}, ${when}: slowest of ${CALLS}`, slowest, 'ms'));
  }
  return figures;
}

/** The same whatever else happens: a call reads what it reads. So the least of several calls is one between two runs of recovery, which reads, too. */
async function readUnits(
  { api, environment }: MeasuredCloud,
  questions: readonly Question[],
  peer: PageUnits,
  rows: number,
): Promise<Figure[]> {
  const units = (): number => environment.cloud.meter.read().units['dynamodb.readUnit'];
  const figures: Figure[] = [];
  const ofPeer = { page: peer.unfiltered, all: peer.filteredARow * rows };
  for (const { name, body, target, peer: reads } of questions) {
    let least = Number.POSITIVE_INFINITY;
    for (let time = 0; time < CALLS; time += 1) {
      const before = units();
      await api.status({ reference_id: 'looked-at', ...body });
      least = Math.min(least, units() - before);
    }
    const peers = reads === null ? {} : { 'one item a row': ofPeer[reads] };
    figures.push(figureOf(GROUP, `${name}: read units`, least, '', { target, peers, exact: true }));
  }
  return figures;
}
