import { ACCOUNT, SECRET, VUA } from './consent-scripts.ts';

/** Balances of the simulation end with these digits. */
const BALANCE = '.977713';

/** An account's balance: no two of a consent have the same. */
export const balanceOf = (linkRefNumber: string): string => `${1000 + Number(linkRefNumber.slice(-6))}${BALANCE}`;

const FORBIDDEN = [SECRET, VUA, ACCOUNT, BALANCE];

/** The log lines and metrics that functions write while they run here: Powertools writes them to the standard output of its process. */
export interface LogLines {
  /** Lines that hold what no log line may, so far. */
  readonly leaks: readonly string[];
  readonly count: number;
  /** Lets the output go where it went before. */
  release(): void;
}

/** Takes over the standard output and error of this process until it is released. */
export function captureLogLines(): LogLines {
  const leaks: string[] = [];
  let count = 0;
  const take = (chunk: string | Uint8Array): boolean => {
    const line = String(chunk);
    count += 1;
    if (FORBIDDEN.some((text) => line.includes(text))) leaks.push(line);
    return true;
  };
  const streams = [process.stdout, process.stderr];
  const before = streams.map((stream) => stream.write);
  for (const stream of streams) stream.write = take;
  return {
    leaks,
    get count() {
      return count;
    },
    release: () => {
      streams.forEach((stream, index) => {
        const write = before[index];
        if (write) stream.write = write;
      });
    },
  };
}
