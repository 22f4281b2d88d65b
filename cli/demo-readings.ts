import { Meter, type MeterReading, meterReading, UNITS } from '#local/meter.ts';

/** What a running product has counted. */
export const readMeter = async (local: string): Promise<MeterReading> =>
  meterReading.parse(await (await fetch(`${local}/_local/meter`)).json());

/** What several processes have counted together: a meter ends with its process. */
export function addReadings(readings: readonly MeterReading[]): MeterReading {
  const sum = new Meter();
  for (const { calls, units } of readings) {
    for (const unit of UNITS) sum.add(unit, units[unit]);
    for (const [service, actions] of Object.entries(calls)) {
      for (const [action, count] of Object.entries(actions)) sum.call(service, action, count);
    }
  }
  return sum.read();
}
