'use client';

import { LogOutIcon } from 'lucide-react';
import { signOut } from 'next-auth/react';
import { Button } from '@/app/_ui/button.tsx';

export function SignOutButton() {
  const leave = async () => {
    await signOut({ redirect: false });
    window.location.assign('/sign-in');
  };
  return (
    <Button variant="outline" onClick={leave}>
      <LogOutIcon aria-hidden />
      Sign out
    </Button>
  );
}
