/** How the hub is reached. */
export type HubAccess = {
  /** the hub's address without a slash at its end; the public one where it is left out */
  endpoint?: string;
  /** sent to the hub and shown nowhere */
  token?: string;
  signal: AbortSignal;
  /** told what is being fetched, in words for people */
  note: (line: string) => void;
  /** told how much of all files is there */
  progress?: (doneBytes: number, totalBytes: number) => void;
};

/** fetch that stops with the run. */
export function withSignal(signal: AbortSignal): typeof fetch {
  return (input, init) => fetch(input, { ...init, signal });
}
