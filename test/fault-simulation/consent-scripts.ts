import type { RetryEligibility } from '#lambdas/chunk/row.ts';
import type { UpstreamFailure } from '#lambdas/upstream/failures.ts';
import type { LinkedAccount } from '#lambdas/upstream/session.ts';
import {
  type ConsentBehaviour,
  fails,
  LOST,
  NEVER_READY,
  OPENS,
  OPENS_UNHEARD,
  READY,
  type RequestStep,
  type SessionEnd,
  UNREACHABLE,
} from '../world/consent-behaviour.ts';
import { type Random, randomOf } from '../world/random.ts';

/** What must never be in a log line: every secret, VUA, account number and balance of a history holds one of these. */
export const SECRET = 'zsecretz';
export const VUA = 'zvuaz@finvu';
export const ACCOUNT = 'XXzmaskedzXX';

/** A code of FinPro's that is in no rule. */
export const UNKNOWN_CODE = 'NeverHeardOf';

/** What a consent leads to where nothing else goes wrong. */
export type ScriptedEnd =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'failed'; readonly eligibility: RetryEligibility; readonly hasSession: boolean };

export interface ConsentScript {
  readonly name: string;
  readonly behaviour: ConsentBehaviour;
  readonly end: ScriptedEnd;
  /** The end when an FI request of it was sent before; otherwise as the first. */
  readonly again?: ScriptedEnd;
}

const DELIVERED: ScriptedEnd = { kind: 'delivered' };
const failed = (eligibility: RetryEligibility, hasSession = false): ScriptedEnd => ({
  kind: 'failed',
  eligibility,
  hasSession,
});

const answered = (status: number, code: string | null): UpstreamFailure => ({
  sent: 'answered',
  status,
  code,
  message: `${code ?? status}: the consent of ${VUA}.`,
});

const accountOf = (number: number, fiStatus = 'DELIVERED'): LinkedAccount => ({
  linkRefNumber: `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`,
  fiStatus,
  fipName: 'FinShareBankServer',
  fipId: 'finsharebank',
  maskedAccountNumber: `${ACCOUNT}${number}`,
});

const session = (eventStatus: string, seconds: number, accounts: readonly LinkedAccount[] = []): SessionEnd => ({
  after: seconds * 1000,
  eventStatus,
  accounts,
});

const script = (name: string, end: ScriptedEnd, change: Partial<ConsentBehaviour>): ConsentScript => ({
  name,
  end,
  behaviour: { ...READY, ...change },
});

const refusing = (code: string, eligibility: RetryEligibility, status = 400): ConsentScript =>
  script(code, failed(eligibility), { requests: [fails(answered(status, code))] });

/** Data that is there after some seconds, most of the time soon. */
const readySession = (random: Random): SessionEnd => {
  const seconds = random.weighted([
    [6, random.int(1, 12)],
    [3, random.int(12, 80)],
    [1, random.int(80, 200)],
  ]);
  return session('DATA_READY', seconds, [accountOf(random.int(1, 9999)), accountOf(random.int(10_000, 19_999))]);
};

const READY_SCRIPTS = [
  'ready',
  'flaky',
  'unheard',
  'lost',
  'balance-fails',
  'status-fails',
  'already-running',
] as const;

/** Consents whose data come in the end, with some trouble of their own on the way. */
function readyScript(random: Random): ConsentScript {
  const name = random.pick(READY_SCRIPTS);
  const first = (step: RequestStep): Partial<ConsentBehaviour> => ({ requests: [step, OPENS] });
  const trouble: Readonly<Record<(typeof READY_SCRIPTS)[number], Partial<ConsentBehaviour>>> = {
    ready: {},
    flaky: first(fails(random.pick([answered(503, 'ServiceUnavailable'), UNREACHABLE]))),
    unheard: first(OPENS_UNHEARD),
    lost: first(fails(random.pick([LOST, answered(500, null), answered(504, null)]))),
    'balance-fails': { balanceFailures: [answered(500, null), LOST, LOST] },
    'status-fails': {
      statusFailures: [answered(502, null), answered(400, UNKNOWN_CODE), LOST, answered(503, null)],
    },
    // Up to seven hours.
    'already-running': first({ kind: 'already-running', for: random.int(0, 60_000) * 420 }),
  };
  return script(name, DELIVERED, { session: readySession(random), ...trouble[name] });
}

/** Consents of every kind, most of them good. */
export function drawScript(random: Random): ConsentScript {
  const plain = (): ConsentScript => script('ready', DELIVERED, { session: readySession(random) });
  const make = random.weighted<() => ConsentScript>([
    [12, plain],
    [6, () => readyScript(random)],
    [
      1,
      () => script('partial', DELIVERED, { session: session('TIMEOUT', 8, [accountOf(1), accountOf(2, 'TIMEOUT')]) }),
    ],
    [1, () => script('timeout', failed('Yes', true), { session: session('TIMEOUT', 8, [accountOf(3, 'TIMEOUT')]) })],
    [1, () => script('denied', failed('No', true), { session: session('DATA_DENIED', 6) })],
    [
      1,
      () => script('all-denied', failed('No', true), { session: session('DATA_READY', 6, [accountOf(4, 'DENIED')]) }),
    ],
    [1, () => script('session-failed', failed('Yes', true), { session: session('SESSION_FAILED', 11) })],
    [1, () => script('session-expired', failed('Yes', true), { session: session('SESSION_EXPIRED', 3) })],
    [1.5, () => script('never', failed('Yes', true), { session: NEVER_READY })],
    [0.5, () => script('late', DELIVERED, { session: session('DATA_READY', random.int(200, 400), [accountOf(5)]) })],
    [0.5, () => script('unavailable', failed('Yes'), { requests: [fails(answered(503, 'ServiceUnavailable'))] })],
    [0.4, () => refusing('ConsentRevoked', 'No')],
    [0.4, () => refusing('ConsentExpired', 'No', 403)],
    [0.4, () => refusing('InvalidConsentId', 'No')],
    [0.4, () => refusing('ConsentPaused', 'Yes')],
    [0.4, () => refusing('InvalidDateRange', 'YesWithModifications')],
    [0.4, () => refusing('InvalidConfigId', 'YesWithModifications')],
    [0.4, () => refusing(UNKNOWN_CODE, 'Yes')],
    [
      1,
      () => ({
        ...script('onetime', DELIVERED, {
          session: readySession(random),
          requests: [OPENS, fails(answered(400, 'InvalidConsentUse'))],
        }),
        again: failed('No'),
      }),
    ],
  ]);
  return make();
}

/** A consent script of that name, the same each time. */
export function scriptNamed(name: string): ConsentScript {
  const random = randomOf(1, 'scripts');
  for (let tries = 0; tries < 1000; tries += 1) {
    const drawn = drawScript(random);
    if (drawn.name === name) return drawn;
  }
  throw new Error(`there is no script ${name}`);
}
