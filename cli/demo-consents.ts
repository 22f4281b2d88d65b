import { createHash } from 'node:crypto';
import type { ConsentSettings } from '#simulator/control-client.ts';

/** A consent of the demo; `scenario` is what the simulator plays for it, null for one that goes well. */
export interface DemoConsent {
  readonly consentId: string;
  readonly scenario: string | null;
}

/** Of 100 consents of a lender some are always in trouble; the rest get ready. */
const TROUBLE: readonly string[] = [
  'revoked',
  'revoked',
  'expired',
  'paused',
  'quota',
  'timeout',
  'partial',
  'bad-range',
  'denied',
];

/** The same consents each time for the same number, as GUIDs without any likeness. */
export const demoConsents = (rows: number): DemoConsent[] =>
  Array.from({ length: rows }, (_, row) => {
    const hex = createHash('sha256').update(`demo-consent-${row}`).digest('hex');
    const consentId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
    return { consentId, scenario: TROUBLE[row % 100] ?? null };
  });

/** Those that are in trouble, for the simulator to be told. */
export const inTrouble = (consents: readonly DemoConsent[]): ConsentSettings[] =>
  consents.flatMap(({ consentId, scenario }) => (scenario === null ? [] : [{ consentId, scenario }]));
