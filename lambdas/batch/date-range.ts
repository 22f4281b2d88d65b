const ISO_8601 =
  /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):?[0-5]\d))?$/;

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

function isOnCalendar(year: number, month: number, day: number): boolean {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = month === 2 && isLeap ? 29 : DAYS[month - 1];
  return days !== undefined && day >= 1 && day <= days;
}

function parseInstant(date: string): number | null {
  const match = ISO_8601.exec(date);
  if (!match) return null;
  const [, year, month, day, hour = '0', minute = '0', second = '0'] = match;
  if (!isOnCalendar(Number(year), Number(month), Number(day))) return null;
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const instant = Date.parse(date.length > 10 ? date.replace(/([+-]\d{2})(\d{2})$/, '$1:$2') : `${date}T00:00:00Z`);
  return Number.isNaN(instant) ? null : instant;
}

/** The rows of a batch share a few dates, so most are known already. Forgotten as a whole when it gets large. */
const known = new Map<string, number | null>();
const MOST_KNOWN = 1000;
/** `2024-01-01T00:00:00.123456789+05:30` */
const LONGEST_DATE = 35;

/**
 * The instant an ISO 8601 date names, in epoch milliseconds, or null when it names none. A date without a time is midnight UTC; a time
 * must say its zone, since `10:00` in Mumbai and in London are different instants.
 */
export function instantOf(date: string): number | null {
  if (date.length > LONGEST_DATE) return null;
  const cached = known.get(date);
  if (cached !== undefined) return cached;
  const instant = parseInstant(date);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(date, instant);
  return instant;
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
