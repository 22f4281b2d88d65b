import { playsSeeds } from './shard.ts';

playsSeeds(1, 400);
