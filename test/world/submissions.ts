import type { Submission } from '#lambdas/batch/accept.ts';
import { NO_PARAMETERS, plainRow, type RowToAccept } from '#lambdas/batch/submission.ts';

export const ORGANISATION = 'lender';
export const REFERENCE = 'portfolio-2026-11';

/** The consent of a number, in lower case. */
export const consentId = (number: number): string => `c0000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

export const rowOf = (consent: string, change: Partial<RowToAccept> = {}): RowToAccept => ({
  ...plainRow(consent),
  error: null,
  ...change,
});

/** A submission of the consents, one a row. */
export const submissionOf = (consents: readonly string[], change: Partial<Submission> = {}): Submission => ({
  organisationId: ORGANISATION,
  referenceId: REFERENCE,
  source: 'json',
  fileName: null,
  defaults: NO_PARAMETERS,
  rows: consents.map((consent) => rowOf(consent)),
  idempotency: null,
  ...change,
});

/** The consents of the numbers 1 to `count`. */
export const consents = (count: number): string[] => Array.from({ length: count }, (_, index) => consentId(index + 1));
