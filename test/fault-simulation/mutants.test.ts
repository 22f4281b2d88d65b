import { afterAll, describe, expect, test } from 'vitest';
import { captureLogLines } from './log-lines.ts';
import { isMutantName, MUTANTS, type MutantName, TABLE_MUTANTS } from './mutants.ts';
import { reportOf } from './report.ts';
import { type Outcome, simulate } from './simulate.ts';

const logLines = captureLogLines();
afterAll(() => logLines.release());

/** Within so many seeds every mutant has to be found. */
const MOST = 2000;
/** Where the search begins: at the first seed that finds the mutant, where that is not among the first. */
const FROM: Readonly<Partial<Record<MutantName, number>>> = {
  'acknowledges-failures': 29,
  'adds-finished-chunks': 45,
  'adopts-without-claim': 29,
  'believes-any-status': 45,
  'burns-references': 29,
  'circuit-never-opens': 184,
  'corrects-stale-ledger': 1578,
  'counts-every-stall': 211,
  'counts-twice': 21,
  'ends-polling-early': 23,
  'forgets-told-ends': 166,
  'ignores-too-many': 333,
  'joins-own-sessions-only': 131,
  'learns-nothing': 166,
  'lease-without-margin': 449,
  'leaves-chunks': 28,
  'leaves-writes-under-way': 29,
  'readers-share-an-id': 388,
  'reads-credentials-late': 326,
  'releases-lease-early': 36,
  'releases-twice': 67,
  'takes-own-writes-for-lost-races': 201,
  'tells-the-next-end': 30,
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
  // Also what is left of a file that could not be read takes a batch's reference.
  'accepts-unconditionally': /was answered with|batch-\d+ was \S+ and is /,
  'burns-references': /the corrected file of .* started no batch/,
  'replays-other-content': /something else is stored/,
  'replays-under-new-time': /and its repeat before/,
  'refuses-repeats': /was refused, and repeats what is stored/,
  'drops-defaults': /was requested with/,
  'leaves-chunks': /items of batches that were not accepted are left/,
  'finds-other-organisations': /reference is taken/,
  'acknowledges-failures': /was dropped, and is not there|started no batch/,
  'fails-what-is-done': /messages were set aside/,
  'loses-reports': /the report of .* says undefined/,
  'overwrites-reports': /the report of .* says .*REJECTED/,
  'reports-no-failed-rows': /the report of .* says/,
  'closes-late': /was closed [\d.]+ s after its last row had ended/,
  'never-closes': /does not come to rest/,
  'recovers-nothing': /does not come to rest/,
  'drops-last-of-page': /the pages of/,
  'sends-no-range': /was requested with/,
  'sends-no-config': /was requested with/,
  'ignores-own-parameters': /was requested with/,
  'defaults-win': /was requested with/,
  'repeats-refused': /ended as it must not|was refused and requested again/,
  'sends-twins-at-once': /hold one session|sessions opened/,
  'circuit-never-opens': /calls in .* that were all (unauthorized|unreachable)/,
  'learns-nothing': /went over the limit/,
  'ignores-too-many': /that were all too-many/,
  'lease-without-margin': /no session had been looked for/,
  'polls-too-early': /s after its FI request/,
  'ends-polling-early': /its deadline had not come|was not pending at the deadline/,
  'gives-up-too-soon': /it was given up before its batch was late/,
  'stores-no-accounts': /it shows 0 accounts/,
  'mixes-up-accounts': /is not the one that its session has|accounts of/,
  'mixes-up-balances': /has the balance/,
  'keeps-no-balances': /has no balance/,
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
    /a race was lost to nobody|sessions opened|went back|left its terminal state|had a session and was requested again|does not come to rest/,
  'reads-credentials-late': /went over the limit/,
  'drops-unprocessed-items': /does not come to rest|answered 500|cannot be found|chunks, but/,
  'believes-gateways': /FinPro opened a session for it|it was given up after|nothing that FinPro said/,
  'believes-any-refusal': /was not pending at the deadline/,
  'believes-any-opening': /none of its consent's|hold one session/,
  'believes-any-status':
    /FinPro never said|was not pending at the deadline|none of its consent's|hold one session|not the one that its session has/,
  'readers-share-an-id':
    /shows rows that were not submitted under it|is gone|cannot be found|does not come to rest|went back|do not add up/,
  'adopts-without-claim': /have both adopted/,
  'keeps-adoption-to-itself': /does not say that it has adopted/,
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
