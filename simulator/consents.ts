import { hash } from 'node:crypto';
import { guidFromHex } from './guid.ts';
import type { Scenario } from './scenarios.ts';

/** How a consent behaves; what is not set is drawn by the hash of its id. Seconds are unscaled. */
export type ConsentSettings = {
  scenario: Scenario;
  readyAfterSeconds?: number | undefined;
  accounts?: number | undefined;
};

/** A session as FinPro opened it. There may be 10,000s, so that its state is derived from these few fields. */
export type Session = {
  sessionId: string;
  /** As the caller spelt it. */
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

/** All the simulator knows of consents and sessions, in memory. Ids are found in either case. */
export class Consents {
  readonly #settings = new Map<string, ConsentSettings>();
  readonly #records = new Map<string, ConsentRecord>();
  readonly #sessions = new Map<string, Session>();

  /** Sets how a consent behaves from now on, its open sessions included; counts and sessions stay. */
  configure(consentId: string, settings: ConsentSettings): void {
    this.#settings.set(consentId.toLowerCase(), settings);
  }

  /** How a consent behaves; one that was never set is `ready`. */
  settings(consentId: string): ConsentSettings {
    return this.#settings.get(consentId.toLowerCase()) ?? READY;
  }

  /** The record of a consent, to read and to count in. */
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

  /** The record of a consent if any call named it so far. */
  recordIfAny(consentId: string): ConsentRecord | undefined {
    return this.#records.get(consentId.toLowerCase());
  }

  /** Opens a session. Its id follows from consent, client, time and number, so that a run on a fixed clock replays. */
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

  /** The session of this id if this client asked for it. */
  session(sessionId: string, clientId: string): Session | undefined {
    const session = this.#sessions.get(sessionId.toLowerCase());
    return session?.clientId === clientId ? session : undefined;
  }

  /** The latest session that this client asked for with this consent. */
  latestSession(consentId: string, clientId: string): Session | undefined {
    return this.recordIfAny(consentId)?.sessions.findLast((session) => session.clientId === clientId);
  }

  reset(): void {
    this.#settings.clear();
    this.#records.clear();
    this.#sessions.clear();
  }
}
