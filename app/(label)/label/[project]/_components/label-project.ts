/** What the label page knows of its project. */
export type LabelProject = { id: string; slug: string; name: string };
