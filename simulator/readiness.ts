import { hash } from 'node:crypto';

const MEDIAN_SECONDS = 15;
const SIGMA = 1.2;

/**
 * The maximum readiness time. It cuts the long tail (about 1 % of consents) before the 300 s after which polling ends,
 * so that every consent in scenario `ready` gets ready in time.
 */
const MAX_SECONDS = 240;

/**
 * How long a consent's data takes to get ready, in unscaled seconds: lognormal with a median of 15 s, drawn by the hash
 * of the consent id, so that it's the same in every run.
 */
export function readinessSeconds(consentId: string): number {
  const bytes = hash('sha256', `readiness/${consentId.toLowerCase()}`, 'buffer');
  const first = (bytes.readUInt32BE(0) + 1) / 2 ** 32;
  const second = bytes.readUInt32BE(4) / 2 ** 32;
  const normal = Math.sqrt(-2 * Math.log(first)) * Math.cos(2 * Math.PI * second);
  return Math.min(MAX_SECONDS, MEDIAN_SECONDS * Math.exp(SIGMA * normal));
}
