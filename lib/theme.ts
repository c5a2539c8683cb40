export const THEMES = ['system', 'light', 'dark'] as const;
export type Theme = (typeof THEMES)[number];

/** Kept in the browser and read by the server, so that a page comes in its colours from the first byte. */
export const THEME_COOKIE = 'plumbline-theme';

/** What the cookie says; as the system has it where it says nothing that is known. */
export function parseTheme(text: string | undefined): Theme {
  return THEMES.find((theme) => theme === text) ?? 'system';
}
