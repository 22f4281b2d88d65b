/** How a consent behaves (docs/spec/simulator.md, "Consents"). */
export const SCENARIOS = [
  'ready',
  'partial',
  'never',
  'timeout',
  'revoked',
  'expired',
  'paused',
  'quota',
  'bad-range',
  'bad-config',
  'unknown',
  'denied',
  'unavailable',
  'onetime',
  'frequency',
] as const;

export type Scenario = (typeof SCENARIOS)[number];

/** FinPro's reason for not opening a session. */
export type Refusal = { errorCode: string; errorMsg: string };

/** The answer of `unknown` to every call that names the consent. */
export const UNKNOWN_CONSENT: Refusal = { errorCode: 'InvalidConsentId', errorMsg: 'Consent ID does not exist.' };

/** The answer of `onetime` once a session was opened. */
const ALREADY_USED: Refusal = {
  errorCode: 'InvalidConsentUse',
  errorMsg: 'The consent is of fetch type ONETIME and has been used.',
};

/** One code and message per refusing scenario (docs/spec/upstream.md, "What a failure means for a row"). */
const REFUSALS: Partial<Record<Scenario, Refusal>> = {
  revoked: { errorCode: 'ConsentRevoked', errorMsg: 'The consent is revoked.' },
  expired: { errorCode: 'ConsentExpired', errorMsg: 'The consent is expired.' },
  paused: { errorCode: 'ConsentPaused', errorMsg: 'The consent is paused.' },
  quota: { errorCode: 'InvalidConsentUse', errorMsg: 'The fetch quota of the consent is exceeded.' },
  frequency: { errorCode: 'InvalidConsentUse', errorMsg: 'The fetch frequency of the consent is exceeded.' },
  'bad-range': {
    errorCode: 'InvalidDateRange',
    errorMsg: 'The FI data range is not within the data range of the consent.',
  },
  'bad-config': { errorCode: 'InvalidRequest', errorMsg: ' [ configId is unknown ] ' },
  unknown: UNKNOWN_CONSENT,
};

/**
 * Why an FI request in this scenario is refused; undefined if it opens a session. `unavailable` isn't here, since its
 * 503 comes before processing.
 */
export function refusalOf(scenario: Scenario, usedBefore: boolean): Refusal | undefined {
  return scenario === 'onetime' && usedBefore ? ALREADY_USED : REFUSALS[scenario];
}

/** A session in a status answer: its `eventStatus`, its `eventMessage`, and which accounts are delivered. */
export type SessionState = {
  eventStatus: 'DATA_READY' | 'PENDING' | 'TIMEOUT' | 'DATA_DENIED';
  event: string;
  /** How many accounts, from the first on, are DELIVERED. */
  delivered: number;
  /** `fiStatus` of the others. */
  otherwise: 'PENDING' | 'TIMEOUT' | 'DENIED';
};

/**
 * A session's state. Everything is pending until it's settled; then the scenario decides. `partial` delivers half of
 * its accounts, rounded down, but at least one. In a scenario that opens no sessions, and so was set later, the session
 * gets ready.
 */
export function sessionState(scenario: Scenario, settled: boolean, accounts: number): SessionState {
  if (!settled) {
    return { eventStatus: 'PENDING', event: 'Data fetch in progress', delivered: 0, otherwise: 'PENDING' };
  }
  switch (scenario) {
    case 'partial':
      return {
        eventStatus: 'TIMEOUT',
        event: 'Data fetch timed out',
        delivered: Math.max(1, Math.floor(accounts / 2)),
        otherwise: 'TIMEOUT',
      };
    case 'timeout':
      return { eventStatus: 'TIMEOUT', event: 'Data fetch timed out', delivered: 0, otherwise: 'TIMEOUT' };
    case 'denied':
      return { eventStatus: 'DATA_DENIED', event: 'Data denied', delivered: 0, otherwise: 'DENIED' };
    default:
      return { eventStatus: 'DATA_READY', event: 'Data ready', delivered: accounts, otherwise: 'PENDING' };
  }
}
