import { drawnAccountCount } from './accounts.ts';
import { Consents, type Session } from './consents.ts';
import { defaultFaults, type Faults, seededRandom } from './faults.ts';
import { type RateLimit, RateWindows } from './rate-window.ts';
import { readinessSeconds } from './readiness.ts';
import { type SessionState, sessionState } from './scenarios.ts';

/** Processed calls over all consents and clients, including those without a consent, and calls answered 429. */
export type CallCounts = { fiRequests: number; statusCalls: number; balanceCalls: number; rejected429: number };

/** A session's state, the time of its last change (epoch milliseconds) and its number of accounts. */
export type SessionView = SessionState & { changedAt: number; accounts: number };

/** All state of one simulator: consents, sessions, faults, windows and counts. */
export class Simulation {
  readonly consents = new Consents();
  readonly windows: RateWindows;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly #timeScale: number;
  readonly #rateLimit: RateLimit | null;
  readonly #seed: number;
  counts: CallCounts = noCalls();
  /** Random numbers in [0, 1), for faults only. */
  random: () => number;
  #faults: Faults;

  constructor(options: { timeScale: number; rateLimit: RateLimit | null; clock: () => number; seed: number }) {
    this.clock = options.clock;
    this.#timeScale = options.timeScale;
    this.#rateLimit = options.rateLimit;
    this.#seed = options.seed;
    this.windows = new RateWindows(options.timeScale);
    this.random = seededRandom(options.seed);
    this.#faults = defaultFaults(options.rateLimit);
    this.windows.setLimit(options.rateLimit);
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
    this.counts = noCalls();
    this.random = seededRandom(this.#seed);
    this.faults = defaultFaults(this.#rateLimit);
  }
}

function noCalls(): CallCounts {
  return { fiRequests: 0, statusCalls: 0, balanceCalls: 0, rejected429: 0 };
}
