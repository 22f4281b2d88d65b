import { isGuid } from './guid.ts';

/** The fields of the three calls, not validated yet. */
export type CallBody = {
  consentId?: unknown;
  fiDataRangeFrom?: unknown;
  fiDataRangeTo?: unknown;
  consentHandle?: unknown;
  sessionId?: unknown;
  consentID?: unknown;
  linkReferenceNumber?: unknown;
};

/** The JSON object in a body; undefined if it isn't one. Checked by hand, since this is the hot path. */
export function parseCallBody(text: string): CallBody | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The given fields that aren't GUIDs, in FinPro's words. */
export function guidProblems(fields: Record<string, unknown>): string[] {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && !isGuid(value))
    .map(([name]) => `${name} must be a valid GUID`);
}

function isObject(value: unknown): value is CallBody {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
