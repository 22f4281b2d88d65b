import { hash } from 'node:crypto';

const MEDIAN_SECONDS = 15;
const SIGMA = 1.2;

/**
 * The longest readiness time that is drawn. The tail is long (about 1 % of consents are cut here) but ends before the
 * 300 s after which the service gives up polling, so that every consent in scenario `ready` does get ready in time.
 */
const LONGEST_SECONDS = 240;

/**
 * How long FinPro takes to have a consent's data ready, in unscaled seconds: lognormal with a median of 15 s, drawn by
 * the hash of the consent id, so that it is the same in every run.
 */
export function readinessSeconds(consentId: string): number {
  const bytes = hash('sha256', `readiness/${consentId.toLowerCase()}`, 'buffer');
  const first = (bytes.readUInt32BE(0) + 1) / 2 ** 32;
  const second = bytes.readUInt32BE(4) / 2 ** 32;
  const normal = Math.sqrt(-2 * Math.log(first)) * Math.cos(2 * Math.PI * second);
  return Math.min(LONGEST_SECONDS, MEDIAN_SECONDS * Math.exp(SIGMA * normal));
}
