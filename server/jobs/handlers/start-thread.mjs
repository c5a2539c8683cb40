// Entry of the training thread. A thread does not inherit the loader that its parent may have been started with, so it
// registers its own and then loads the TypeScript.
import { register } from 'tsx/esm/api';

register();
await import('./thread.ts');
