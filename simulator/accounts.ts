import { hash } from 'node:crypto';
import { guidFromHex } from './guid.ts';

/** An account behind a consent. `balance` is a decimal string in INR. */
export type Account = {
  linkRefNumber: string;
  fipId: string;
  fipName: string;
  maskedAccountNumber: string;
  fiType: string;
  accountType: string;
  balance: string;
};

type Fip = Pick<Account, 'fipId' | 'fipName'>;
type Kind = Pick<Account, 'fiType' | 'accountType'>;

const FIPS: readonly [Fip, ...Fip[]] = [
  { fipId: 'finsharebank', fipName: 'FinShareBankServer' },
  { fipId: 'southernbank', fipName: 'Southern Bank' },
  { fipId: 'unitedcoop', fipName: 'United Cooperative Bank' },
  { fipId: 'riverbank', fipName: 'River Bank' },
];

const KINDS: readonly [Kind, ...Kind[]] = [
  { fiType: 'DEPOSIT', accountType: 'SAVINGS' },
  { fiType: 'DEPOSIT', accountType: 'SAVINGS' },
  { fiType: 'DEPOSIT', accountType: 'CURRENT' },
  { fiType: 'TERM_DEPOSIT', accountType: 'FIXED' },
];

/** A consent's default number of accounts: one to three, drawn by the hash of its id. */
export function drawnAccountCount(consentId: string): number {
  return 1 + (digest(`accounts/${consentId}`).readUInt32BE(0) % 3);
}

/** A consent's first `count` accounts, the same in every run. */
export function accountsOf(consentId: string, count: number): Account[] {
  return Array.from({ length: count }, (_, index) => accountAt(consentId, index));
}

/** The customer's virtual user address: a mobile number of ten digits at the account aggregator. */
export function vuaOf(consentId: string): string {
  return `9${String(digest(`vua/${consentId}`).readUIntBE(0, 6) % 1e9).padStart(9, '0')}@onemoney`;
}

/** When a consent expires, `YYYY-MM-DD HH:mm:ss`: some second of 2035, far from any clock in use. */
export function consentExpiryOf(consentId: string): string {
  const second = digest(`expiry/${consentId}`).readUInt32BE(0) % (365 * 86_400);
  return new Date(Date.UTC(2035, 0, 1) + second * 1000).toISOString().slice(0, 19).replace('T', ' ');
}

function accountAt(consentId: string, index: number): Account {
  const bytes = digest(`account/${consentId}/${index}`);
  const fip = pick(FIPS, bytes.readUInt8(16));
  const kind = pick(KINDS, bytes.readUInt8(17));
  const paise = bytes.readUIntBE(18, 6) % 100_000_000;
  return {
    linkRefNumber: guidFromHex(bytes.toString('hex', 0, 16)),
    fipId: fip.fipId,
    fipName: fip.fipName,
    maskedAccountNumber: `XXXXXXXX${String(bytes.readUInt16BE(24) % 10_000).padStart(4, '0')}`,
    fiType: kind.fiType,
    accountType: kind.accountType,
    balance: `${Math.floor(paise / 100)}.${String(paise % 100).padStart(2, '0')}`,
  };
}

function digest(text: string): Buffer {
  return hash('sha256', text.toLowerCase(), 'buffer');
}

function pick<Choice>(choices: readonly [Choice, ...Choice[]], byte: number): Choice {
  return choices[byte % choices.length] ?? choices[0];
}
