'use client';

import { MonitorIcon, MoonIcon, SunIcon } from 'lucide-react';
import { useSyncExternalStore } from 'react';
import { parseTheme, THEME_COOKIE, THEMES, type Theme } from '@/lib/theme.ts';
import { cn } from './cn.ts';
import { onSchemeChange } from './scheme-change.ts';

const LOOKS = {
  system: { icon: MonitorIcon, label: 'As the system has it' },
  light: { icon: SunIcon, label: 'Light' },
  dark: { icon: MoonIcon, label: 'Dark' },
} as const;
const YEAR_S = 365 * 24 * 3600;

/** Light, dark, or as the system has it: takes effect at once, and is kept in this browser. */
export function ThemeChoice({ className }: { className?: string }) {
  const theme = useSyncExternalStore(
    onSchemeChange,
    () => parseTheme(document.documentElement.dataset.theme),
    // the server knows, and the browser puts it right before anybody sees it
    (): Theme => 'system',
  );
  const choose = (next: Theme) => {
    document.documentElement.dataset.theme = next;
    const secure = window.location.protocol === 'https:' ? '; secure' : '';
    // biome-ignore lint/suspicious/noDocumentCookie: the server reads it with the next page; cookieStore is not in every browser
    document.cookie = `${THEME_COOKIE}=${next}; path=/; max-age=${YEAR_S}; samesite=lax${secure}`;
  };
  return (
    <fieldset className={cn('flex w-fit rounded-md border p-0.5', className)}>
      <legend className="sr-only">Colours</legend>
      {THEMES.map((option) => {
        const { icon: Icon, label } = LOOKS[option];
        return (
          <button
            key={option}
            type="button"
            title={label}
            aria-label={label}
            aria-pressed={theme === option}
            onClick={() => choose(option)}
            className="rounded-sm px-2 py-1 text-muted-foreground hover:text-foreground aria-pressed:bg-accent aria-pressed:text-foreground pointer-coarse:min-h-11 pointer-coarse:min-w-11 pointer-coarse:px-3"
          >
            <Icon className="mx-auto size-4" aria-hidden />
          </button>
        );
      })}
    </fieldset>
  );
}
