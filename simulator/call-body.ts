import { isGuid } from './guid.ts';

/** The fields of the three calls, none of them looked at yet. */
export type CallBody = {
  consentId?: unknown;
  fiDataRangeFrom?: unknown;
  fiDataRangeTo?: unknown;
  consentHandle?: unknown;
  sessionId?: unknown;
  consentID?: unknown;
  linkReferenceNumber?: unknown;
};

/** The JSON object in a body, or undefined where there is none. Checked by hand, for this is the hot path. */
export function parseCallBody(text: string): CallBody | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What is wrong with a field that is there but is no GUID, in FinPro's words; nothing where all is well. */
export function guidProblems(fields: Record<string, unknown>): string[] {
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined && !isGuid(value))
    .map(([name]) => `${name} must be a valid GUID`);
}

function isObject(value: unknown): value is CallBody {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
