import { mkdirSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { batchFigures } from './batch.ts';
import { csvFigures } from './csv.ts';
import { type Figure, formatFigures, isReached } from './figure.ts';

const timeScale = z.coerce.number().positive().default(0.05).parse(process.env['TIME_SCALE']);

console.log('Measuring; nothing else should run on this machine …');
const figures: Figure[] = [
  ...csvFigures(),
  ...(await batchFigures(timeScale, false)),
  ...(await batchFigures(timeScale, true)),
];
console.log(formatFigures(figures));
mkdirSync('.local', { recursive: true });
const report = { figures: figures.map((figure) => ({ ...figure, reached: isReached(figure) })) };
writeFileSync('.local/bench.json', `${JSON.stringify(report, null, 2)}\n`);
