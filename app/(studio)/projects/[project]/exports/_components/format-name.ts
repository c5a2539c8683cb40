import type { ExportFormat } from '@/lib/export-formats.ts';

/** What the page says of an export format. */
export type FormatName = { name: ExportFormat; title: string; caption: string };
