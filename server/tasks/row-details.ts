import { createHash } from 'node:crypto';
import type { Sampling } from '../../db/schema/prompts.ts';
import { canonicalJson } from '../../lib/canonical-json.ts';
import type { RowFacts } from '../../lib/formats/parsed-row.ts';

/** What came with the row of a prompt. */
export type PromptDetails = Pick<RowFacts, 'externalId' | 'tags' | 'metadata'>;
/** Who wrote a response, where its file says so. */
export type ResponseDetails = { model: string | null; sampling: Sampling | null };

export const NO_DETAILS: PromptDetails = { externalId: null, tags: [], metadata: {} };

/** Bounds of what is kept beside the texts of one row. */
export const MAX_NAME = 500;
export const MAX_TAGS = 100;
export const MAX_DETAIL_BYTES = 64 * 1024;

const sha256 = (value: unknown) => createHash('sha256').update(canonicalJson(value), 'utf8').digest('hex');

/** The hash that a prompt's row carries of its details; null where there are none. */
export function promptDetailsHash({ externalId, tags, metadata }: PromptDetails): string | null {
  const isEmpty = externalId === null && tags.length === 0 && Object.keys(metadata).length === 0;
  return isEmpty ? null : sha256({ externalId, tags, metadata });
}

/** The same for an imported response. */
export function responseDetailsHash({ model, sampling }: ResponseDetails): string | null {
  return model === null && sampling === null ? null : sha256({ model, sampling });
}

/**
 * What is known of a prompt together with what another row says: the first id and the first value of a key stay, tags are
 * united. Null when that adds nothing, or more than is kept for one prompt.
 */
export function joinDetails(known: PromptDetails, more: PromptDetails): PromptDetails | null {
  const joined = {
    externalId: known.externalId ?? more.externalId,
    tags: [...new Set([...known.tags, ...more.tags])],
    metadata: { ...more.metadata, ...known.metadata },
  };
  const isSame = promptDetailsHash(joined) === promptDetailsHash(known);
  return isSame || detailsProblem(joined) !== null ? null : joined;
}

/** Which of the bounds the details of a row pass, in words; null when none. */
export function detailsProblem({ externalId, tags, metadata }: PromptDetails): string | null {
  if ((externalId?.length ?? 0) > MAX_NAME) return `its id is longer than ${MAX_NAME} characters`;
  if (tags.length > MAX_TAGS) return `it has ${tags.length} tags, kept are at most ${MAX_TAGS}`;
  if (tags.some((tag) => tag.length > MAX_NAME)) return `a tag is longer than ${MAX_NAME} characters`;
  const bytes = Buffer.byteLength(JSON.stringify(metadata), 'utf8');
  if (bytes <= MAX_DETAIL_BYTES) return null;
  const widest = Object.entries(metadata).sort(
    ([, a], [, b]) => JSON.stringify(b).length - JSON.stringify(a).length,
  )[0]?.[0];
  return `its other columns have ${bytes} bytes, kept are at most ${MAX_DETAIL_BYTES}; the widest is "${widest}"`;
}
