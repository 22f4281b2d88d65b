/**
 * GUIDs as FinPro uses them: `8-4-4-4-12` hex digits in either case. Version and variant bits aren't checked, since an
 * id of the reference pages fails such a check.
 */
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Whether a value of any type is a GUID-shaped string. */
export function isGuid(value: unknown): value is string {
  return typeof value === 'string' && GUID.test(value);
}

/** A GUID of the first 32 hex digits. */
export function guidFromHex(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/**
 * The consent handle of a consent id, and vice versa: replaces each hex digit by its complement, which is its own
 * inverse. So a handle leads to its consent without a table.
 */
export function counterpartOf(guid: string): string {
  return guid.toLowerCase().replace(/[0-9a-f]/g, (digit) => (15 - Number.parseInt(digit, 16)).toString(16));
}
