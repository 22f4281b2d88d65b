/** GUID-shaped, 8-4-4-4-12 hex digits. Version and variant bits are not looked at: an example of the seeds fails a strict check. */
export const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** 5 to 60 letters, digits, hyphens and underscores (seeds, overview, "Reference ID"). */
export const REFERENCE_ID = /^[A-Za-z0-9_-]{5,60}$/;

/** Longest `configId`, a bound of this service. */
export const CONFIG_ID_LENGTH = 128;
