/**
 * What kind of load a call is, and how many of the kind one person (or one address, of people who are not signed in) may make: so
 * many at once, and so many an hour over time. Every procedure names its class beside its right, every route beside tRPC where it makes its context. People at full speed never
 * meet these; scripts that went wild do.
 */
export const RATE_CLASSES = {
  /** pages and lists */
  read: { burst: 1200, perHour: 72_000 },
  /** what annotators do from task to task: several calls each, at the speed of the network */
  label: { burst: 3000, perHour: 360_000 },
  /** changes that people make one by one */
  write: { burst: 300, perHour: 7200 },
  /** what reads or hashes much, or queues work for the worker */
  heavy: { burst: 60, perHour: 600 },
  /** files: a download goes on in ranges, and a model is uploaded file by file */
  download: { burst: 300, perHour: 6000 },
  upload: { burst: 120, perHour: 1200 },
  snapshot: { burst: 30, perHour: 120 },
  /** tokens, invitations and reset links */
  credential: { burst: 60, perHour: 120 },
  /** calls that try a secret: links, passwords, codes */
  guess: { burst: 200, perHour: 1200 },
  /** answers that stay open; how many at once is another limit (open-stream.ts) */
  stream: { burst: 120, perHour: 3600 },
} as const satisfies Record<string, { burst: number; perHour: number }>;

export type RateClass = keyof typeof RATE_CLASSES;
