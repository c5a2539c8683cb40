import { testKills } from './kills.ts';

testKills('simd');
