import type { ResponseFlag } from '@/lib/response-flags.ts';

/** Flags in the order of their keys in the flags dialog. */
export const FLAG_NAMES: readonly { flag: ResponseFlag; name: string; meaning: string }[] = [
  { flag: 'harmful', name: 'Harmful', meaning: 'could hurt somebody if followed' },
  { flag: 'untrue', name: 'Untrue', meaning: 'states something false' },
  { flag: 'off_topic', name: 'Off topic', meaning: 'does not answer what was asked' },
  { flag: 'bad_language', name: 'Bad language', meaning: 'insults or swears' },
  { flag: 'personal_data', name: 'Personal data', meaning: 'names, addresses, numbers of real people' },
  { flag: 'spam', name: 'Spam', meaning: 'advertising or nonsense' },
];
