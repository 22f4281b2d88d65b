import { playsSeeds } from './shard.ts';

playsSeeds(551, 275);
