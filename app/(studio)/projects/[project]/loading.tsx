/** Stands in while a page is read, so that a click answers at once. */
export default function Loading() {
  return (
    <div aria-busy="true">
      <p className="sr-only" role="status">
        Loading
      </p>
      <div className="h-7 w-48 animate-pulse rounded-md bg-muted" />
      <div className="mt-3 h-4 w-80 max-w-full animate-pulse rounded-md bg-muted" />
      <div className="mt-6 h-64 animate-pulse rounded-lg border bg-card" />
    </div>
  );
}
