import type { Settings } from '#lambdas/platform/settings.ts';
import type { Ids } from '#lambdas/platform/system.ts';
import type { UpstreamFailure } from '#lambdas/upstream/failures.ts';
import type { FinPro, FiRequest, FiRequested, UpstreamAnswer } from '#lambdas/upstream/finpro.ts';
import type { RateLimitHeaders } from '#lambdas/upstream/rate-limit-headers.ts';
import type { AccountBalance, FiStatus } from '#lambdas/upstream/session.ts';
import { type Endpoint, type RateLimit, RateWindows, type WindowOverLimit } from '#simulator/rate-window.ts';
import type { VirtualClock } from './clock.ts';
import { answered, type ConsentBehaviour, LOST, READY, TOO_MANY } from './consent-behaviour.ts';

export type CallKind = 'request' | 'status-by-session' | 'status-by-consent' | 'balance';

/** A call as it arrived. */
export interface FinProCall {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly kind: CallKind;
  readonly organisationId: string;
  readonly consentId: string;
  /** For an FI request: what was asked. */
  readonly request: FiRequest | null;
  readonly failure: UpstreamFailure | null;
  /** An FI request that opened a session, whether or not its answer came. */
  readonly opened: string | null;
  /** For a status call that was processed: its session, as it was told. Null where the answer strayed. */
  readonly told: Pick<FiStatus, 'sessionId' | 'eventStatus'> | null;
}

interface Session {
  readonly sessionId: string;
  readonly organisationId: string;
  readonly consentId: string;
  readonly openedAt: number;
}

/** What FinPro makes of a call that it does not refuse. */
interface Processed<T> {
  readonly value: T;
  readonly opened?: string;
  readonly told?: FiStatus;
  readonly isLost?: boolean;
}

/** FinPro by script. Everything it does, some upstream has done: it opens a session or not, and its answer comes or not. */
export interface ScriptedFinPro extends FinPro {
  readonly calls: readonly FinProCall[];
  callsOf(consentId: string, kind?: CallKind): readonly FinProCall[];
  /** Sessions in the order in which they were opened. */
  sessionsOf(consentId: string): readonly string[];
  behave(consentId: string, behaviour: Partial<ConsentBehaviour>): void;
  /** A session that was opened by somebody else, before the batch or beside it. */
  openElsewhere(organisationId: string, consentId: string, openedAt: number): string;
  /** Fails calls before anything is processed, whatever their consent. */
  refuses: (call: Pick<FinProCall, 'at' | 'kind' | 'organisationId' | 'consentId'>) => UpstreamFailure | null;
  /** What comes in place of the answer to a call that was processed: nothing, or what a gateway says. */
  loses: (call: Pick<FinProCall, 'at' | 'kind' | 'organisationId' | 'consentId'>) => UpstreamFailure | null;
  /** Whether FI requests and status calls are answered about another session of the organisation. */
  strays: (call: Pick<FinProCall, 'kind' | 'organisationId' | 'consentId'>) => boolean;
  /** How long a worker takes to read the credentials for an organisation's calls, in milliseconds. */
  credentialsTime: () => number;
  /** How long a call is on its way to FinPro, in milliseconds. */
  transit: () => number;
  /** How long a call takes, in milliseconds, from its arrival to its answer. */
  latency: (call: FinProCall) => number;
  /** Windows of an organisation's calls, with those of its clients themselves; beyond the limit a call is answered 429. */
  rateLimit: RateLimit | null;
  /** Whether an answer has headers. */
  tells: (call: Pick<FinProCall, 'at' | 'kind'>) => boolean;
  /** By how much a reset is off, in milliseconds: what is left of a clock that is off, after `Date` has been looked at. */
  resetError: () => number;
  /** Windows that were used up when calls came, which were then answered 429. */
  readonly overLimit: readonly WindowOverLimit[];
  /** A call that the organisation itself makes, beside the product. */
  callElsewhere(organisationId: string, endpoint: Endpoint): void;
}

const ENDPOINT_OF = {
  request: 'request',
  'status-by-session': 'status',
  'status-by-consent': 'status',
  balance: 'balance',
} as const satisfies Record<CallKind, Endpoint>;

const NO_HEADERS: RateLimitHeaders = { limit: null, remaining: null, resetAt: null };

/** The limiter that the settings expect. */
export const rateLimitOf = ({ upstream }: Pick<Settings, 'upstream'>): RateLimit => ({
  limit: upstream.limit,
  windowSeconds: upstream.window / 1000,
});

const keyOf = (consentId: string): string => consentId.toLowerCase();

export function scriptedFinPro(clock: VirtualClock, ids: Ids): ScriptedFinPro {
  const calls: FinProCall[] = [];
  const sessions: Session[] = [];
  const behaviours = new Map<string, ConsentBehaviour>();
  const windows = new RateWindows(1);

  const behaviourOf = (consentId: string): ConsentBehaviour => behaviours.get(keyOf(consentId)) ?? READY;
  const turns = new Map<string, number>();
  /** The how-many-eth call of a family this is for a consent, from 0. Calls that were refused as a whole are not among them. */
  const turnOf = (consentId: string, family: 'request' | 'status' | 'balance'): number => {
    const key = `${family} ${keyOf(consentId)}`;
    const turn = turns.get(key) ?? 0;
    turns.set(key, turn + 1);
    return turn;
  };

  const open = (organisationId: string, consentId: string, openedAt: number): string => {
    const sessionId = ids.uuid();
    sessions.push({ sessionId, organisationId, consentId, openedAt });
    return sessionId;
  };

  /** Counts a call in its window and says what the headers say. */
  const rateOf = (
    organisationId: string,
    kind: CallKind,
    at: number,
  ): RateLimitHeaders & { readonly isOver: boolean } => {
    windows.setLimit(finPro.rateLimit);
    const counted = windows.count(organisationId, ENDPOINT_OF[kind], at);
    if (!counted) return { ...NO_HEADERS, isOver: false };
    const { limit, remaining, resetAt } = counted;
    const headers = finPro.tells({ at, kind })
      ? { limit, remaining, resetAt: resetAt + finPro.resetError() }
      : NO_HEADERS;
    return { ...headers, isOver: !counted.allowed };
  };

  /** Takes a call in: refused as a whole, or processed now, whatever becomes of its answer. */
  const arrive = async <T>(
    call: Pick<FinProCall, 'kind' | 'organisationId' | 'consentId'> & { readonly request?: FiRequest },
    process: () => Processed<T> | UpstreamFailure,
  ): Promise<UpstreamAnswer<T>> => {
    const transit = finPro.transit();
    if (transit > 0) await clock.wait(transit);
    const at = clock.now();
    const { isOver, ...hint } = rateOf(call.organisationId, call.kind, at);
    const done = (isOver ? TOO_MANY : null) ?? finPro.refuses({ ...call, at }) ?? process();
    const failure = 'sent' in done ? done : done.isLost ? LOST : finPro.loses({ ...call, at });
    const logged: FinProCall = {
      ...call,
      at,
      request: call.request ?? null,
      failure,
      opened: 'sent' in done ? null : (done.opened ?? null),
      told: 'sent' in done ? null : (done.told ?? null),
    };
    calls.push(logged);
    const latency = finPro.latency(logged);
    if (latency > 0) await clock.wait(latency);
    // Headers come with an answer only.
    const headers = failure && failure.sent !== 'answered' ? NO_HEADERS : hint;
    return failure || 'sent' in done
      ? { ok: false, failure: failure ?? LOST, headers }
      : { ok: true, value: structuredClone(done.value), headers };
  };

  /** The session that an answer is about which strays: the latest of another consent. */
  const anotherThan = (call: Pick<FinProCall, 'kind' | 'organisationId' | 'consentId'>): Session | undefined => {
    const other = sessions.findLast(
      ({ organisationId, consentId }) =>
        organisationId === call.organisationId && keyOf(consentId) !== keyOf(call.consentId),
    );
    return other && finPro.strays(call) ? other : undefined;
  };

  const statusOf = (session: Session): FiStatus => {
    const { session: end } = behaviourOf(session.consentId);
    const endedAt = session.openedAt + end.after;
    const isEnded = clock.now() >= endedAt;
    return {
      sessionId: session.sessionId,
      consentId: session.consentId,
      eventStatus: isEnded ? end.eventStatus : 'PENDING',
      timestamp: isEnded ? endedAt : session.openedAt,
      dataFetchDate: session.openedAt,
      accounts: isEnded ? end.accounts : end.accounts.map((each) => ({ ...each, fiStatus: 'PENDING' })),
    };
  };

  const balanceOf = (consentId: string): AccountBalance[] =>
    behaviourOf(consentId).session.accounts.map(({ linkRefNumber }) => ({
      linkRefNumber,
      fiType: 'DEPOSIT',
      accountType: 'SAVINGS',
      currentBalance: '1024.50',
      currency: 'INR',
      balanceAsOf: '2026-11-20T00:00:00.000Z',
    }));

  const finPro: ScriptedFinPro = {
    calls,
    callsOf: (consentId, kind) =>
      calls.filter((call) => keyOf(call.consentId) === keyOf(consentId) && (kind ?? call.kind) === call.kind),
    sessionsOf: (consentId) =>
      sessions.filter((session) => keyOf(session.consentId) === keyOf(consentId)).map(({ sessionId }) => sessionId),
    behave: (consentId, behaviour) => {
      behaviours.set(keyOf(consentId), { ...behaviourOf(consentId), ...behaviour });
    },
    openElsewhere: open,
    refuses: () => null,
    loses: () => null,
    strays: () => false,
    credentialsTime: () => 0,
    transit: () => 0,
    latency: () => 0,
    rateLimit: null,
    tells: () => true,
    resetError: () => 0,
    overLimit: windows.overLimit,
    callElsewhere: (organisationId, endpoint) => {
      windows.setLimit(finPro.rateLimit);
      windows.count(organisationId, endpoint, clock.now());
    },

    prepare: async () => {},

    requestFi: (organisationId, request) => {
      const { consentId } = request;
      return arrive<FiRequested>({ kind: 'request', organisationId, consentId, request }, () => {
        const { requests } = behaviourOf(consentId);
        const step = requests[turnOf(consentId, 'request')] ?? requests.at(-1) ?? requests[0];
        if (step.kind === 'fails') return step.failure;
        if (step.kind === 'already-running') {
          open(organisationId, consentId, clock.now() - step.for);
          return answered(400, 'DataFetchRequestInProgress');
        }
        const sessionId = open(organisationId, consentId, clock.now());
        const told = anotherThan({ kind: 'request', organisationId, consentId }) ?? { sessionId, consentId };
        const value = { sessionId: told.sessionId, consentId: told.consentId };
        return { value, opened: sessionId, isLost: step.kind === 'opens-unheard' };
      });
    },

    fiStatus: (organisationId, of) => {
      const isOwn = (session: Session): boolean => session.organisationId === organisationId;
      const found =
        'sessionId' in of
          ? sessions.find((session) => isOwn(session) && session.sessionId === of.sessionId)
          : sessions.findLast((session) => isOwn(session) && keyOf(session.consentId) === keyOf(of.consentId));
      const kind = 'sessionId' in of ? 'status-by-session' : 'status-by-consent';
      const consentId = 'consentId' in of ? of.consentId : (found?.consentId ?? '');
      return arrive<FiStatus>({ kind, organisationId, consentId }, () => {
        const failure = behaviourOf(consentId).statusFailures[turnOf(consentId, 'status')];
        if (failure) return failure;
        if (found) {
          const another = anotherThan({ kind, organisationId, consentId });
          if (another) return { value: statusOf(another) };
          const status = statusOf(found);
          return { value: status, told: status };
        }
        return 'sessionId' in of
          ? answered(400, 'InvalidSessionId', 'The session does not exist.')
          : answered(400, 'NoDataFound', 'No FI request has been initiated.');
      });
    },

    statusDocument: async () => {
      throw new Error('no client asks in this world');
    },

    fiBalance: (organisationId, consentId) =>
      arrive<readonly AccountBalance[]>({ kind: 'balance', organisationId, consentId }, () => {
        const failure = behaviourOf(consentId).balanceFailures[turnOf(consentId, 'balance')];
        return failure ?? { value: balanceOf(consentId) };
      }),
  };
  return finPro;
}
