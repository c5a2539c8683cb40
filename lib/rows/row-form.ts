/** What a reader can make rows of: JSON values, records of a table, lines of text. */
export type RowForm = 'json' | 'table' | 'text';
