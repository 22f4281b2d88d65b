const ISO_8601 =
  /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d))?$/;

/**
 * The instant an ISO 8601 date names, in epoch milliseconds, or null when it names none. A date without a time is midnight UTC; a time
 * must say its zone, since `10:00` in Mumbai and in London are different instants.
 */
export function instantOf(date: string): number | null {
  const match = ISO_8601.exec(date);
  if (!match) return null;
  const [, year, month, day, hour = '00', minute = '00', second = '00'] = match.map((part) => part ?? undefined);
  const midnight = new Date(`${year}-${month}-${day}T00:00:00Z`);
  const isOnCalendar = !Number.isNaN(midnight.getTime()) && midnight.getUTCDate() === Number(day);
  if (!isOnCalendar || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const instant = Date.parse(date.includes('T') ? date.replace(/([+-]\d{2})(\d{2})$/, '$1:$2') : `${date}T00:00:00Z`);
  return Number.isNaN(instant) ? null : instant;
}

/** The same date as FinPro wants it: ISO 8601 in UTC. Only for dates that name an instant. */
export function inUtc(date: string): string {
  const instant = instantOf(date);
  if (instant === null) throw new RangeError('not a date');
  return new Date(instant).toISOString();
}

/** Whether a range runs backwards. Dates are compared as instants; an end that is not given bounds nothing. */
export function isReversed(from: string | null, to: string | null): boolean {
  if (from === null || to === null) return false;
  const start = instantOf(from);
  const end = instantOf(to);
  return start !== null && end !== null && start > end;
}
