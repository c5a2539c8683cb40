import type { ReactNode } from 'react';
import { Logo } from '@/app/_ui/logo.tsx';

export default function AuthLayout({ children }: { children: ReactNode }) {
  return (
    <main id="main" className="mx-auto grid min-h-dvh w-full max-w-md content-center gap-6 px-4 py-10">
      <Logo className="justify-self-center text-lg" />
      {children}
    </main>
  );
}
