import type { Reservation } from '../chunk/state.ts';
import type { RateLimitHeaders } from './rate-limit-headers.ts';

/**
 * Permit to call the upstream, in the window of the reservation; or none before `waitUntil`, because the circuit is open.
 * A `halfOpen` is one call that finds out whether an open circuit can be closed.
 */
export type Permit =
  | {
      readonly granted: true;
      readonly reservation: Reservation;
      readonly halfOpen: boolean;
      /** Whether the tokens were taken for this call, and not held from before. */
      readonly taken: boolean;
    }
  | { readonly granted: false; readonly waitUntil: number };

/** The upstream's budget and circuit of each organisation, over all its workers together. */
export interface Budget {
  /**
   * Permit for up to `calls` calls in the first window with room, for at least one. A reservation `held` from before is good for its own
   * window; nothing more is taken for it.
   */
  reserve(organisationId: string, calls: number, held: Reservation | null, now: number): Promise<Permit>;
  /** Gives back tokens of a window that were not used. */
  release(organisationId: string, reservation: Reservation, tokens: number): Promise<void>;
  /** Learns what the calls under a reservation have shown. True when the circuit was closed before and is open now. */
  learn(organisationId: string, reservation: Reservation, lesson: CallOutcomes, now: number): Promise<boolean>;
}

/** Permit for a client's call, or why there is none before `until` (epoch milliseconds). */
export type ClientPermit =
  | Extract<Permit, { readonly granted: true }>
  | { readonly granted: false; readonly because: 'used-up' | 'circuit-open'; readonly until: number };

/** What chunks leave of the upstream's budget to the clients' own calls. */
export interface ClientQuota {
  /** Permit for one call that starts now. */
  take(organisationId: string, now: number): Promise<ClientPermit>;
}

export interface CallOutcomes {
  /** What the rate headers said last, if any came. */
  readonly rate: RateLimitHeaders | null;
  /** A 429 was answered: nothing more goes out in this window. */
  readonly rateLimited: boolean;
  /** Whether the upstream can be called: open the circuit, close it after a halfOpen that went well, or leave it. */
  readonly circuit: 'open' | 'close' | 'leave';
  /** Failures to reach the upstream since its last answer, in points; `answered` when there was an answer before them. */
  readonly failures: { readonly points: number; readonly answered: boolean };
}
