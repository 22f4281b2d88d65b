import { hash } from 'node:crypto';
import { z } from 'zod';
import { guidFromHex } from './guid.ts';
import type { Keeper } from './keeper.ts';
import { SCENARIOS } from './scenarios.ts';

/** How a consent behaves. What isn't set is drawn by the hash of its id. Seconds are unscaled. */
const settingsSchema = z.object({
  scenario: z.enum(SCENARIOS),
  readyAfterSeconds: z.number().optional(),
  accounts: z.number().optional(),
});
export type ConsentSettings = z.infer<typeof settingsSchema>;

/** A session as FinPro opened it. There may be tens of thousands, so its state is derived from these few fields. */
const sessionSchema = z.object({
  sessionId: z.string(),
  /** In the caller's spelling. */
  consentId: z.string(),
  clientId: z.string(),
  /** Epoch milliseconds. */
  createdAt: z.number(),
  /** Whether it is the client's first one for this consent. */
  first: z.boolean(),
  fiDataRangeFrom: z.string().nullable(),
  fiDataRangeTo: z.string().nullable(),
});
export type Session = z.infer<typeof sessionSchema>;

/** The processed calls that named a consent, and the sessions opened for it, oldest first. */
const recordSchema = z.object({
  fiRequests: z.number(),
  statusCalls: z.number(),
  balanceCalls: z.number(),
  sessions: z.array(sessionSchema),
});
export type ConsentRecord = z.infer<typeof recordSchema>;

const READY: ConsentSettings = { scenario: 'ready' };

/** The simulator's consents and sessions. Ids are looked up without case. */
export class Consents {
  readonly #settings: Map<string, ConsentSettings>;
  readonly #records: Map<string, ConsentRecord>;
  readonly #sessions: Map<string, Session>;
  readonly #keeper: Keeper;

  constructor(keeper: Keeper) {
    this.#keeper = keeper;
    this.#settings = keeper.map('consent settings', settingsSchema);
    this.#records = keeper.map('consent record', recordSchema);
    const sessions = [...this.#records.values()].flatMap((record) => record.sessions);
    this.#sessions = new Map(sessions.map((session) => [session.sessionId, session]));
  }

  /** Sets how a consent behaves from now on, open sessions included. Counts and sessions stay. */
  configure(consentId: string, settings: ConsentSettings): void {
    this.#settings.set(consentId.toLowerCase(), settings);
    this.#keeper.changed(this.#settings, consentId.toLowerCase());
  }

  /** How a consent behaves; `ready` by default. */
  settings(consentId: string): ConsentSettings {
    return this.#settings.get(consentId.toLowerCase()) ?? READY;
  }

  /** The record of a consent, to be changed; it is created if missing. */
  record(consentId: string): ConsentRecord {
    const key = consentId.toLowerCase();
    this.#keeper.changed(this.#records, key);
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

  /** The record of each consent that any call has named, by its id in lower case. */
  records(): Iterable<[string, ConsentRecord]> {
    return this.#records;
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
    this.#keeper.clear(this.#settings);
    this.#keeper.clear(this.#records);
    this.#sessions.clear();
  }
}
