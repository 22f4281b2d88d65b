import * as z from 'zod';
import { MESSAGE_LIMIT } from './failures.ts';
import type { FiRequested } from './finpro.ts';
import type { AccountBalance, FiStatus } from './session.ts';

/** Strings from FinPro are cut to this length: clients see them, and FinPro doesn't bound them. */
const MAX_LENGTH = 128;

const cutTo = (length: number) => z.string().transform((value) => value.slice(0, length));
const text = cutTo(MAX_LENGTH);
const optionalText = z
  .union([text, z.number().transform(String)])
  .nullish()
  .catch(null)
  .transform((value) => value ?? null);
const time = z
  .string()
  .nullish()
  .catch(null)
  .transform((value) => {
    const at = Date.parse(value ?? '');
    return Number.isNaN(at) ? null : at;
  });

/** Of an error's message, more than clients ever see of it. What decides about a row stands at its beginning. */
const MAX_MESSAGE_LENGTH = 1_000;

/** `{errorCode, errorMsg}`, on any HTTP status (docs/spec/upstream.md, "Calls"). Cut before anything looks at them. */
export const errorAnswer = z.object({
  errorCode: z.string().min(1).pipe(text),
  errorMsg: cutTo(MAX_MESSAGE_LENGTH).catch(''),
});

/** The answer to FI Request, which has no `status` field. */
export const fiRequestAnswer = z
  .object({ data: z.object({ sessionId: z.string().min(1).max(MAX_LENGTH), consentId: optionalText }) })
  .transform(({ data: { sessionId, consentId } }): FiRequested => ({ sessionId, consentId }));

const linkedAccount = z.object({
  linkRefNumber: text,
  fiStatus: z.string().catch('UNKNOWN').pipe(text),
  fipName: optionalText,
  fipId: optionalText,
  maskedAccountNumber: optionalText,
});

/** The answer to FI Request Status (docs/spec/fi-request-status.md). Unknown fields and values are ignored. */
export const fiStatusAnswer = z
  .object({
    data: z.object({
      sessionId: z.string().min(1).max(MAX_LENGTH),
      consentId: optionalText,
      // Nothing is known of the session yet.
      eventStatus: z
        .string()
        .nullish()
        .transform((value) => value ?? 'PENDING'),
      timestamp: time,
      datafetchDate: time,
      linkRefNumbers: z
        .array(z.unknown())
        .catch([])
        // An account that can't be read is left out, so that it doesn't hide the others.
        .transform((list) => list.flatMap((value) => linkedAccount.safeParse(value).data ?? [])),
    }),
  })
  .transform(
    ({ data }): FiStatus => ({
      sessionId: data.sessionId,
      consentId: data.consentId,
      eventStatus: data.eventStatus,
      timestamp: data.timestamp,
      dataFetchDate: data.datafetchDate,
      accounts: data.linkRefNumbers,
    }),
  );

/** The same answer for a client: unknown fields are passed on. */
export const fiStatusDocument = z.object({
  message: cutTo(MESSAGE_LIMIT).catch('success'),
  data: z.looseObject({ sessionId: z.string(), eventStatus: z.string().nullish() }),
});

const balance = z
  .object({
    linkReferenceNumber: text.optional(),
    linkRefNumber: text.optional(),
    fiType: optionalText,
    accountType: optionalText,
    currentBalance: optionalText,
    currency: optionalText,
    balanceAsOf: optionalText,
    balanceDateTime: optionalText,
  })
  .transform((account): AccountBalance[] => {
    const linkRefNumber = account.linkReferenceNumber ?? account.linkRefNumber;
    if (linkRefNumber === undefined) return [];
    const asOf = Date.parse(account.balanceAsOf ?? account.balanceDateTime ?? '');
    return [
      {
        linkRefNumber,
        fiType: account.fiType,
        accountType: account.accountType,
        currentBalance: account.currentBalance,
        currency: account.currency,
        balanceAsOf: Number.isNaN(asOf) ? null : new Date(asOf).toISOString(),
      },
    ];
  });

/** The answer to FI Balance: `data` is one account or an array. */
export const fiBalanceAnswer = z
  .object({ data: z.union([z.array(balance), balance.transform((accounts) => [accounts])]) })
  .transform(({ data }) => data.flat());
