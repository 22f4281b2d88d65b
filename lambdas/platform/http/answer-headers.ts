/**
 * On every answer of the API, the gateway's own included: answers hold financial data and credentials lead to them, so
 * nobody on the way keeps them, nobody takes them for a page, and nobody asks over http again (RFC 9111, 5.2.2.5; WHATWG
 * Fetch, "X-Content-Type-Options"; RFC 6797). Two years, as browsers' preload lists ask for.
 */
export const EVERY_ANSWER = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Strict-Transport-Security': 'max-age=63072000; includeSubDomains',
} as const;
