/** A sha256 in full: it is there to be compared and copied. */
export function HashText({ label, hash }: { label: string; hash: string }) {
  return (
    <p className="text-muted-foreground text-xs">
      {label} <code className="break-all">{hash}</code>
    </p>
  );
}
