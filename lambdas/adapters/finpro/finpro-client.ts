import type * as z from 'zod';
import { inUtc } from '../../core/domain/date-range.ts';
import type { FinPro, StatusLookUps, UpstreamAnswer } from '../../core/ports.ts';
import type { CredentialsOf } from '../secrets-manager-credentials.ts';
import { fiBalanceAnswer, fiRequestAnswer, fiStatusAnswer, fiStatusDocument } from './finpro-answers.ts';
import { callUpstream } from './upstream-call.ts';

export interface FinProOptions {
  readonly baseUrl: string;
  /** Milliseconds for one call. */
  readonly timeout: number;
  readonly credentialsOf: CredentialsOf;
}

const FI_STATUS = '/consent/firequest/status';

/** FinPro's single-consent calls (`upstream.md`). Connections are kept alive between calls by `fetch`. */
export function finProClient({ baseUrl, timeout, credentialsOf }: FinProOptions): FinPro & StatusLookUps {
  const call = async <T>(
    organisationId: string,
    path: string,
    body: object,
    answer: z.ZodType<T>,
    extra: Readonly<Record<string, string>> = {},
  ): Promise<UpstreamAnswer<T>> => {
    let headers: Readonly<Record<string, string>>;
    try {
      headers = { ...(await credentialsOf(organisationId)), ...extra };
    } catch {
      return withoutCredentials();
    }
    const result = await callUpstream({ url: new URL(path, baseUrl).href, headers, body, timeout, answer });
    if (!result.ok && result.failure.sent === 'answered' && [401, 403].includes(result.failure.status)) {
      credentialsOf.forget(organisationId);
    }
    return result;
  };

  return {
    requestFi: (organisationId, { consentId, fiDataRangeFrom, fiDataRangeTo, configId }) =>
      call(
        organisationId,
        '/fi/request',
        {
          consentId,
          ...(fiDataRangeFrom === null ? {} : { fiDataRangeFrom: inUtc(fiDataRangeFrom) }),
          ...(fiDataRangeTo === null ? {} : { fiDataRangeTo: inUtc(fiDataRangeTo) }),
        },
        fiRequestAnswer,
        configId === null ? {} : { 'x-config-id': headerText(configId) },
      ),
    fiStatus: (organisationId, of) => call(organisationId, FI_STATUS, of, fiStatusAnswer),
    lookUp: (organisationId, by) => call(organisationId, FI_STATUS, by, fiStatusDocument),
    fiBalance: (organisationId, consentId) =>
      call(organisationId, '/getfibalance', { consentID: consentId }, fiBalanceAnswer),
  };
}

/** Without credentials nothing is sent: it is as if they had been refused, which is not the row's fault. */
const withoutCredentials = <T>(): UpstreamAnswer<T> => ({
  ok: false,
  failure: {
    sent: 'answered',
    status: 401,
    code: 'Unauthorized',
    message: "The organisation's upstream credentials could not be read.",
  },
  rate: { limit: null, remaining: null, resetAt: null },
});

/** Header values are printable ASCII; anything else goes percent-encoded. */
const headerText = (value: string): string =>
  /^[\x20-\x7e]*$/.test(value) ? value : encodeURIComponent(value.toWellFormed());
