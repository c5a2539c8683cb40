import { bestBackend } from '../../trainer/backends/choose.ts';
import { testKills } from './kills.ts';

testKills('native');
if (bestBackend() === 'cuda') testKills('cuda');
