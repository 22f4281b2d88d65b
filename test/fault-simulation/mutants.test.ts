import { afterAll, describe, expect, test } from 'vitest';
import { captureLogLines } from './log-lines.ts';
import { isMutantName, MUTANTS, type MutantName, TABLE_MUTANTS } from './mutants.ts';
import { reportOf } from './report.ts';
import { type Outcome, simulate } from './simulate.ts';

const logLines = captureLogLines();
afterAll(() => logLines.release());

/** Within so many seeds every mutant has to be found. */
const MOST = 2000;
/** Where the search begins for mutants that are found late: a little before the first seed that finds them. */
const FROM: Readonly<Partial<Record<MutantName, number>>> = {
  'corrects-stale-ledger': 270,
  'releases-twice': 130,
  'takes-own-writes-for-lost-races': 190,
  'tells-the-next-end': 470,
};

async function firstBroken(mutant: MutantName): Promise<Outcome | null> {
  for (let seed = FROM[mutant] ?? 1; seed <= MOST; seed += 1) {
    const stores = TABLE_MUTANTS.has(mutant) ? 'table' : 'memory';
    const outcome = await simulate(seed, logLines, { mutant, stores });
    if (outcome.broken !== null) return outcome;
  }
  return null;
}

/** What the report says when it is found. */
const SAYS: Readonly<Record<MutantName, RegExp>> = {
  'counts-twice': /counters do not add up|counters are not those of the rows|went back/,
  'sends-without-intent': /sessions opened|had a session and was requested again|no session had been looked for/,
  'adds-finished-chunks': /is closed/,
  'releases-lease-early': /no session had been looked for|sessions opened|had a session and was requested again/,
  'does-not-probe': /sessions opened|had a session and was requested again|no session had been looked for/,
  'ignores-budget': /went over the limit/,
  'logs-accounts': /log line holds what none may/,
  'corrects-stale-ledger': /went over the limit/,
  'forgets-told-ends': /went over the limit/,
  'tells-the-next-end': /went over the limit/,
  'releases-twice': /went over the limit/,
  'joins-own-sessions-only': /had a running session, which was found, and was requested again/,
  'takes-own-writes-for-lost-races': /a race was lost to nobody/,
  'leaves-writes-under-way': /ended with calls under way/,
  'counts-every-stall': /ended as it must not/,
  'rejects-over-reports': /the report of .* says/,
  'starts-chunks-over':
    /sessions opened|went back|left its terminal state|had a session and was requested again|does not come to rest/,
  'drops-unprocessed-items': /does not come to rest|answered 500|cannot be found|chunks, but/,
};

describe('a product with a mutant is found out', () => {
  test.each(Object.keys(MUTANTS).filter(isMutantName))('%s', async (mutant) => {
    const outcome = await firstBroken(mutant);
    expect(outcome, 'no seed found it').not.toBeNull();
    if (!outcome) return;
    expect(reportOf(outcome)).toMatch(SAYS[mutant]);
    expect(outcome.broken).not.toContain('the simulation itself failed');
    // It is the mutant that breaks it, and not the seed.
    expect((await simulate(outcome.seed, logLines, { stores: outcome.variant.stores })).broken).toBeNull();
  });
});
