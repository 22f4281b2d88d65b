import type { RequestParameters } from '#lambdas/batch/submission.ts';
import type { Attempt, PlannedRow } from './plan.ts';

/** What a submission asks for. */
export type Content = Pick<Attempt, 'rows' | 'defaults'>;

/** Parameters in one text, to be compared. */
export const shown = ({ fiDataRangeFrom, fiDataRangeTo, configId }: RequestParameters): string =>
  `${fiDataRangeFrom} to ${fiDataRangeTo}, ${configId}`;

/** What a row's FI request has to ask for: what is given for the row, and for the rest what is given for all (docs/spec/overview.md, "Dates and defaults"). */
export const askedFor = ({ own }: PlannedRow, { defaults }: Content): string =>
  shown({
    fiDataRangeFrom: own.fiDataRangeFrom ?? defaults.fiDataRangeFrom,
    fiDataRangeTo: own.fiDataRangeTo ?? defaults.fiDataRangeTo,
    configId: own.configId ?? defaults.configId,
  });

/** Rows that are made again are the same objects. */
const haveSameRows = (one: Content, other: Content): boolean =>
  one.rows.length === other.rows.length && one.rows.every((row, index) => row === other.rows[index]);

/** Whether two submissions ask for the same. */
export const isSame = (one: Content, other: Content): boolean =>
  haveSameRows(one, other) && shown(one.defaults) === shown(other.defaults);

/** Whether what is stored may be of an attempt. A file that is posted with the form of another attempt comes under that one's defaults. */
export const canBeOf = (stored: Content, attempt: Attempt): boolean =>
  attempt.way === 'presigned' ? haveSameRows(stored, attempt) : isSame(stored, attempt);

/** Whether these come in as one and the same request, which its key may repeat. */
export const isRepeat = (one: Attempt, other: Attempt): boolean =>
  one.way === other.way && one.fileType === other.fileType && isSame(one, other);
