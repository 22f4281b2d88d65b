import { playsSeeds } from './shard.ts';

playsSeeds(1, 100, { stores: 'table' });
