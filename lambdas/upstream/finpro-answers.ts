import * as z from 'zod';
import type { AccountBalance } from './accounts.ts';
import type { FiStatus } from './session.ts';

/** What is kept of a text from upstream: answers are shown to clients, but nothing bounds them there. */
const LONGEST_TEXT = 128;

const text = z.string().transform((value) => value.slice(0, LONGEST_TEXT));
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

/** `{errorCode, errorMsg}`, on any status (`upstream.md`, "Errors"). */
export const errorAnswer = z.object({
  errorCode: z.string().min(1),
  errorMsg: z.string().catch(''),
});

/** The answer to FI Request: there is no `status` field. */
export const fiRequestAnswer = z
  .object({ data: z.object({ sessionId: z.string().min(1).max(LONGEST_TEXT) }) })
  .transform(({ data }) => ({ sessionId: data.sessionId }));

const linkedAccount = z.object({
  linkRefNumber: text,
  fiStatus: z.string().catch('UNKNOWN').pipe(text),
  fipName: optionalText,
  fipId: optionalText,
  maskedAccountNumber: optionalText,
});

/** The answer to FI Request Status (seeds). Fields and values that are not known are passed over. */
export const fiStatusAnswer = z
  .object({
    data: z.object({
      sessionId: z.string().min(1).max(LONGEST_TEXT),
      eventStatus: z.string(),
      timestamp: time,
      datafetchDate: time,
      linkRefNumbers: z
        .array(z.unknown())
        .catch([])
        // An account that cannot be read is left out; it must not hide the others.
        .transform((list) => list.flatMap((value) => linkedAccount.safeParse(value).data ?? [])),
    }),
  })
  .transform(
    ({ data }): FiStatus => ({
      sessionId: data.sessionId,
      eventStatus: data.eventStatus,
      timestamp: data.timestamp,
      dataFetchDate: data.datafetchDate,
      accounts: data.linkRefNumbers,
    }),
  );

/** The same answer as a client gets it: what is not known here is passed on. */
export const fiStatusDocument = z.object({
  message: z.string().catch('success'),
  data: z.looseObject({ sessionId: z.string(), eventStatus: z.string() }),
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

/** The answer to FI Balance: `data` is one account or an array of them. */
export const fiBalanceAnswer = z
  .object({ data: z.union([z.array(balance), balance.transform((accounts) => [accounts])]) })
  .transform(({ data }) => data.flat());
