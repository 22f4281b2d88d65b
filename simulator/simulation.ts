import { z } from 'zod';
import type { State } from '#local/state.ts';
import { drawnAccountCount } from './accounts.ts';
import { Consents, type Session } from './consents.ts';
import { defaultFaults, type Faults, seededRandom } from './faults.ts';
import { Keeper, type One } from './keeper.ts';
import { type RateLimit, RateWindows } from './rate-window.ts';
import { readinessSeconds } from './readiness.ts';
import { type SessionState, sessionState } from './scenarios.ts';

/** Processed calls over all consents and clients, including those without a consent, and calls answered 429. */
const countsSchema = z.object({
  fiRequests: z.number(),
  statusCalls: z.number(),
  balanceCalls: z.number(),
  rejected429: z.number(),
});
export type CallCounts = z.infer<typeof countsSchema>;

/** A session's state, the time of its last change (epoch milliseconds) and its number of accounts. */
export type SessionView = SessionState & { changedAt: number; accounts: number };

/** All state of one simulator: consents, sessions, faults, windows and counts. All but the faults outlive it in a `State`. */
export class Simulation {
  readonly consents: Consents;
  readonly windows: RateWindows;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly #timeScale: number;
  readonly #rateLimit: RateLimit | null;
  readonly #seed: number;
  readonly #keeper: Keeper;
  readonly #counts: One<CallCounts>;
  /** Random numbers in [0, 1), for faults only. */
  random: () => number;
  #faults: Faults;

  constructor(options: {
    timeScale: number;
    rateLimit: RateLimit | null;
    clock: () => number;
    seed: number;
    state?: State | undefined;
  }) {
    this.clock = options.clock;
    this.#timeScale = options.timeScale;
    this.#rateLimit = options.rateLimit;
    this.#seed = options.seed;
    this.#keeper = new Keeper(options.state);
    this.consents = new Consents(this.#keeper);
    this.#counts = this.#keeper.one('calls', countsSchema, noCalls());
    this.windows = new RateWindows(options.timeScale, options.rateLimit, this.#keeper);
    this.random = seededRandom(options.seed);
    this.#faults = defaultFaults(options.rateLimit);
  }

  get counts(): Readonly<CallCounts> {
    return this.#counts.value;
  }

  count(kind: keyof CallCounts): void {
    this.#counts.value[kind] += 1;
    this.#counts.changed();
  }

  get faults(): Faults {
    return this.#faults;
  }

  set faults(faults: Faults) {
    this.#faults = faults;
    this.windows.setLimit(faults.rateLimit);
  }

  /** A session at `now`. Nothing runs in between: its state follows from its age and its consent. */
  view(session: Session, now: number): SessionView {
    const { scenario, readyAfterSeconds, accounts } = this.consents.settings(session.consentId);
    const seconds = readyAfterSeconds ?? readinessSeconds(session.consentId);
    const settledAt =
      scenario === 'never' ? Number.POSITIVE_INFINITY : session.createdAt + seconds * 1000 * this.#timeScale;
    const settled = settledAt <= now;
    const count = accounts ?? drawnAccountCount(session.consentId);
    return {
      ...sessionState(scenario, settled, count),
      changedAt: settled ? settledAt : session.createdAt,
      accounts: count,
    };
  }

  /** Drops everything and restores the initial faults. */
  reset(): void {
    this.consents.reset();
    this.windows.reset();
    Object.assign(this.#counts.value, noCalls());
    this.#counts.changed();
    this.random = seededRandom(this.#seed);
    this.faults = defaultFaults(this.#rateLimit);
  }

  /** Keeps what has changed, for a later start. */
  save(): void {
    this.#keeper.save();
  }
}

function noCalls(): CallCounts {
  return { fiRequests: 0, statusCalls: 0, balanceCalls: 0, rejected429: 0 };
}
