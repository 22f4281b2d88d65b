import { playsSeeds } from './shard.ts';

playsSeeds(276, 275);
