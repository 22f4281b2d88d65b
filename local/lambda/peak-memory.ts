import { readFileSync } from 'node:fs';

/**
 * The most memory that this process has had, as Lambda's "Max Memory Used", in bytes. Not `maxRSS` on Linux: there it begins with the peak of the process
 * that started this one.
 */
export function peakMemoryBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * 1024;
  const [, kilobytes = 0] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
