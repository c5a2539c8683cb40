import '@fontsource-variable/inter';
import '@fontsource-variable/jetbrains-mono';
import './globals.css';
import type { Metadata, Viewport } from 'next';
import { cookies, headers } from 'next/headers';
import type { ReactNode } from 'react';
import { parseTheme, THEME_COOKIE } from '@/lib/theme.ts';
import { Providers } from './_trpc/providers.tsx';

export const metadata: Metadata = {
  title: { default: 'Plumbline', template: '%s · Plumbline' },
  description: 'Human judgment into model behaviour that one can check.',
};

const LIGHT = '#fafbfc';
const DARK = '#121519';

/** The frame that phones draw around the page has its colour too. */
export async function generateViewport(): Promise<Viewport> {
  const theme = await chosenTheme();
  return {
    width: 'device-width',
    initialScale: 1,
    themeColor: [
      { media: '(prefers-color-scheme: light)', color: theme === 'dark' ? DARK : LIGHT },
      { media: '(prefers-color-scheme: dark)', color: theme === 'light' ? LIGHT : DARK },
    ],
  };
}

async function chosenTheme() {
  return parseTheme((await cookies()).get(THEME_COOKIE)?.value);
}

export default async function RootLayout({ children }: { children: ReactNode }) {
  // reading the nonce also makes every page dynamic: a page built ahead could not carry one
  const nonce = (await headers()).get('x-nonce') ?? '';
  return (
    <html lang="en" data-theme={await chosenTheme()}>
      <body>
        <a
          href="#main"
          className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-primary focus:px-3 focus:py-2 focus:text-primary-foreground"
        >
          Skip to content
        </a>
        <Providers nonce={nonce}>{children}</Providers>
      </body>
    </html>
  );
}
