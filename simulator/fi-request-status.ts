import { accountsOf, consentExpiryOf, vuaOf } from './accounts.ts';
import { type Answer, declined, invalidRequest, success, VERSION } from './answer.ts';
import { type CallBody, guidProblems } from './call-body.ts';
import type { Session } from './consents.ts';
import { counterpartOf, isGuid } from './guid.ts';
import { UNKNOWN_CONSENT } from './scenarios.ts';
import type { Simulation } from './simulation.ts';

const DATA_LIFE_MILLISECONDS = 24 * 60 * 60 * 1000;

/**
 * `POST /consent/firequest/status` (docs/spec/fi-request-status.md): by `sessionId`, or else this client's latest
 * session with the consent of `consentId` or `consentHandle`. Several identifiers must belong together. Declines with
 * `InvalidRequest`, `InvalidSessionId`, `InvalidConsentId` (scenario `unknown`) and `NoDataFound`. `data.timestamp` is
 * the time of the session's last change.
 */
export function answerFiRequestStatus(simulation: Simulation, clientId: string, body: CallBody, now: number): Answer {
  simulation.count('statusCalls');
  const { consentId, consentHandle, sessionId } = body;
  const problems = guidProblems({ consentId, consentHandle, sessionId });
  if (problems.length > 0) {
    return invalidRequest(problems, now);
  }
  const byHandle = isGuid(consentHandle) ? counterpartOf(consentHandle) : undefined;
  const named = isGuid(consentId) ? consentId : byHandle;
  const bySession = isGuid(sessionId) ? simulation.consents.session(sessionId, clientId) : undefined;
  const consent = named ?? bySession?.consentId;
  if (consent !== undefined) {
    simulation.consents.record(consent).statusCalls += 1;
  }
  if (named !== undefined && simulation.consents.settings(named).scenario === 'unknown') {
    return declined(UNKNOWN_CONSENT.errorCode, UNKNOWN_CONSENT.errorMsg, now);
  }
  if (sessionId !== undefined) {
    return bySession !== undefined && (named === undefined || sameId(named, bySession.consentId))
      ? success(statusOf(simulation, bySession, now))
      : declined('InvalidSessionId', 'Session ID does not exist.', now);
  }
  if (named === undefined) {
    return invalidRequest(['at least one of consentId, consentHandle, sessionId is required'], now);
  }
  const together = byHandle === undefined || sameId(named, byHandle);
  const latest = together ? simulation.consents.latestSession(named, clientId) : undefined;
  return latest === undefined
    ? declined('NoDataFound', 'No FI request has been initiated for the given identifiers.', now)
    : success(statusOf(simulation, latest, now));
}

function statusOf(simulation: Simulation, session: Session, now: number): object {
  const view = simulation.view(session, now);
  const { consentId } = session;
  // Whole seconds, as on the reference page.
  const fetchedAt = Math.floor(session.createdAt / 1000) * 1000;
  const data = {
    timestamp: new Date(view.changedAt).toISOString(),
    consentHandle: counterpartOf(consentId),
    eventType: 'DATA',
    eventStatus: view.eventStatus,
    consentId,
    vua: vuaOf(consentId),
    eventMessage: `${view.event} for consent id ${consentId}`,
    datafetchDate: new Date(fetchedAt).toISOString(),
    productID: 'TEST1',
    accountID: 'test',
    fetchType: simulation.consents.settings(consentId).scenario === 'onetime' ? 'ONETIME' : 'PERIODIC',
    consentExpiry: consentExpiryOf(consentId),
    sessionId: session.sessionId,
    dataExpiry: new Date(fetchedAt + DATA_LIFE_MILLISECONDS).toISOString(),
    firstTimeFetch: session.first,
    linkRefNumbers: accountsOf(consentId, view.accounts).map((account, index) => ({
      linkRefNumber: account.linkRefNumber,
      fiStatus: index < view.delivered ? 'DELIVERED' : view.otherwise,
      fipName: account.fipName,
      fipId: account.fipId,
      maskedAccountNumber: account.maskedAccountNumber,
    })),
  };
  return { ver: VERSION, status: 'success', data, message: 'success' };
}

function sameId(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
