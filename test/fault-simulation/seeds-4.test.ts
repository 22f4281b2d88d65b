import { playsSeeds } from './shard.ts';

playsSeeds(826, 275);
