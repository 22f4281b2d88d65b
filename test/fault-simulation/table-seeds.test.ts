import { playsSeeds } from './shard.ts';

playsSeeds(1, 150, { stores: 'table' });
