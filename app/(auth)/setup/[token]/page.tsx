import type { Metadata } from 'next';
import { SetupForm } from './_components/setup-form.tsx';

export const metadata: Metadata = { title: 'Set up', referrer: 'no-referrer' };

export default async function SetupPage({ params }: { params: Promise<{ token: string }> }) {
  const { token } = await params;
  return <SetupForm token={token} />;
}
