import type { ReactNode } from 'react';

/** Labeling takes the whole screen: no navigation beside the texts to be read. */
export default function LabelLayout({ children }: { children: ReactNode }) {
  return (
    <main id="main" tabIndex={-1} className="flex h-dvh min-h-0 flex-col outline-none">
      {children}
    </main>
  );
}
