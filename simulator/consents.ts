import { hash } from 'node:crypto';
import { guidFromHex } from './guid.ts';
import type { Scenario } from './scenarios.ts';

/** How a consent behaves. What isn't set is drawn by the hash of its id. Seconds are unscaled. */
export type ConsentSettings = {
  scenario: Scenario;
  readyAfterSeconds?: number | undefined;
  accounts?: number | undefined;
};

/** A session as FinPro opened it. There may be tens of thousands, so its state is derived from these few fields. */
export type Session = {
  sessionId: string;
  /** In the caller's spelling. */
  consentId: string;
  clientId: string;
  /** Epoch milliseconds. */
  createdAt: number;
  /** Whether it is the client's first one for this consent. */
  first: boolean;
  fiDataRangeFrom: string | null;
  fiDataRangeTo: string | null;
};

/** The processed calls that named a consent, and the sessions opened for it, oldest first. */
export type ConsentRecord = {
  fiRequests: number;
  statusCalls: number;
  balanceCalls: number;
  sessions: Session[];
};

const READY: ConsentSettings = { scenario: 'ready' };

/** The simulator's consents and sessions, in memory. Ids are looked up without case. */
export class Consents {
  readonly #settings = new Map<string, ConsentSettings>();
  readonly #records = new Map<string, ConsentRecord>();
  readonly #sessions = new Map<string, Session>();

  /** Sets how a consent behaves from now on, open sessions included. Counts and sessions stay. */
  configure(consentId: string, settings: ConsentSettings): void {
    this.#settings.set(consentId.toLowerCase(), settings);
  }

  /** How a consent behaves; `ready` by default. */
  settings(consentId: string): ConsentSettings {
    return this.#settings.get(consentId.toLowerCase()) ?? READY;
  }

  /** The record of a consent, which is created if missing. */
  record(consentId: string): ConsentRecord {
    const key = consentId.toLowerCase();
    const known = this.#records.get(key);
    if (known !== undefined) {
      return known;
    }
    const record: ConsentRecord = { fiRequests: 0, statusCalls: 0, balanceCalls: 0, sessions: [] };
    this.#records.set(key, record);
    return record;
  }

  /** The record of a consent, if any call has named it so far. */
  recordIfAny(consentId: string): ConsentRecord | undefined {
    return this.#records.get(consentId.toLowerCase());
  }

  /** Opens a session. Its id follows from consent, client, time and number, so that runs on a fixed clock repeat. */
  open(request: Omit<Session, 'sessionId' | 'first'>): Session {
    const { sessions } = this.record(request.consentId);
    const { consentId, clientId, createdAt } = request;
    const hex = hash('sha256', JSON.stringify([consentId.toLowerCase(), clientId, createdAt, sessions.length]));
    const session = {
      sessionId: guidFromHex(hex),
      ...request,
      first: !sessions.some((earlier) => earlier.clientId === clientId),
    };
    sessions.push(session);
    this.#sessions.set(session.sessionId, session);
    return session;
  }

  /** The session with this id, if it's this client's. */
  session(sessionId: string, clientId: string): Session | undefined {
    const session = this.#sessions.get(sessionId.toLowerCase());
    return session?.clientId === clientId ? session : undefined;
  }

  /** This client's latest session with this consent. */
  latestSession(consentId: string, clientId: string): Session | undefined {
    return this.recordIfAny(consentId)?.sessions.findLast((session) => session.clientId === clientId);
  }

  reset(): void {
    this.#settings.clear();
    this.#records.clear();
    this.#sessions.clear();
  }
}
