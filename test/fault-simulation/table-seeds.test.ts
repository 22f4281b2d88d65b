import { playsSeeds } from './shard.ts';

playsSeeds(1, 50, { stores: 'table' });
