import { type Account, accountsOf } from './accounts.ts';
import { type Answer, declined, invalidRequest, success, VERSION } from './answer.ts';
import { type CallBody, guidProblems } from './call-body.ts';
import { isGuid } from './guid.ts';
import { UNKNOWN_CONSENT } from './scenarios.ts';
import type { Simulation } from './simulation.ts';

/**
 * `POST /getfibalance` (docs/spec/upstream.md, "Calls"): the balances of the accounts that this client's latest session
 * with a consent has delivered. `data` is one object for one account and an array for more. Declines with
 * `InvalidRequest`, `InvalidConsentId`, `DataFetchRequestInProgress` while the session is pending, and `NoDataFound`
 * without a session or a delivered account.
 */
export function answerFiBalance(simulation: Simulation, clientId: string, body: CallBody, now: number): Answer {
  simulation.count('balanceCalls');
  const { consentID, linkReferenceNumber } = body;
  const problems = [
    ...(consentID === undefined ? ['consentID is required'] : []),
    ...guidProblems({ consentID, linkReferenceNumber }),
  ];
  if (isGuid(consentID)) {
    simulation.consents.record(consentID).balanceCalls += 1;
  }
  if (problems.length > 0 || !isGuid(consentID)) {
    return invalidRequest(problems, now);
  }
  if (simulation.consents.settings(consentID).scenario === 'unknown') {
    return declined(UNKNOWN_CONSENT.errorCode, UNKNOWN_CONSENT.errorMsg, now);
  }
  const session = simulation.consents.latestSession(consentID, clientId);
  const view = session && simulation.view(session, now);
  if (view?.eventStatus === 'PENDING') {
    return declined('DataFetchRequestInProgress', 'The data fetch is in progress.', now);
  }
  const balances = accountsOf(consentID, view?.delivered ?? 0)
    .filter((account) => linkReferenceNumber === undefined || account.linkRefNumber === linkReferenceNumber)
    .map((account) => balanceOf(account, view?.changedAt ?? now));
  if (balances.length === 0) {
    return declined('NoDataFound', 'No balance is available for the given identifiers.', now);
  }
  return success({ ver: VERSION, status: 'success', data: balances.length === 1 ? balances[0] : balances });
}

function balanceOf(account: Account, asOf: number): object {
  return {
    linkReferenceNumber: account.linkRefNumber,
    maskedAccountNumber: account.maskedAccountNumber,
    fipId: account.fipId,
    fipName: account.fipName,
    fiType: account.fiType,
    accountType: account.accountType,
    currentBalance: account.balance,
    currency: 'INR',
    balanceAsOf: new Date(asOf).toISOString(),
  };
}
