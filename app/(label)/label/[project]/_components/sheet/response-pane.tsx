import { Flag } from 'lucide-react';
import { MarkdownText } from '@/app/_ui/markdown-text.tsx';
import { keepFocus } from '../ranking/keep-focus.ts';
import { letterOf, type RankingState, rankOf } from '../ranking/ranking-state.ts';
import { strengthWords } from '../ranking/strength-words.ts';

type Props = {
  state: RankingState;
  id: string;
  content: string;
  onPick: () => void;
  onFlags: () => void;
};

/** One response. All panes look alike: what differs is only what the annotator did. */
export function ResponsePane({ state, id, content, onPick, onFlags }: Props) {
  const letter = letterOf(state, id);
  const index = state.shown.indexOf(id);
  const isPair = state.shown.length === 2;
  const rank = rankOf(state, id);
  const isBest = isPair && state.tieKind === 'none' && rank === 1;
  const isSelected = !isPair && state.selected === id;
  const flags = state.flags[id] ?? [];
  // the scale's own words, so that nobody has to guess what a press has stored
  const better = state.strength === null ? 'better' : strengthWords(state.strength);
  return (
    <section
      id={`response-${letter}`}
      aria-label={`Response ${letter}`}
      data-testid={`response-${letter}`}
      className={`flex h-full min-h-0 w-[86vw] shrink-0 snap-center flex-col rounded-lg border bg-card text-card-foreground sm:w-auto sm:shrink ${
        isBest ? 'border-primary ring-1 ring-primary' : isSelected ? 'border-primary' : 'border-border'
      }`}
    >
      <header className="flex items-center gap-2 border-border border-b px-3 py-2">
        <h2 className="font-semibold text-sm">
          <span className="sr-only">Response </span>
          {letter}
        </h2>
        {rank !== null && !isPair && (
          <span className="rounded-full bg-muted px-2 py-0.5 text-xs tabular-nums">place {rank}</span>
        )}
        {state.tieKind !== 'none' && isPair && (
          <span className="rounded-full bg-muted px-2 py-0.5 text-xs">tie</span>
        )}
        {isBest && <span className="rounded-full bg-muted px-2 py-0.5 text-xs">{better}</span>}
        <span className="grow" />
        <button
          type="button"
          onMouseDown={keepFocus}
          onClick={onFlags}
          aria-label={`Flags of response ${letter}${flags.length > 0 ? `, ${flags.length} set` : ''}`}
          className="inline-flex min-h-9 items-center justify-center gap-1 rounded px-2 text-muted-foreground text-xs pointer-coarse:min-h-11 pointer-coarse:min-w-11 hover:bg-muted hover:text-foreground"
        >
          <Flag aria-hidden className={`size-4 ${flags.length > 0 ? 'fill-current text-foreground' : ''}`} />
          {flags.length > 0 && <span className="tabular-nums">{flags.length}</span>}
        </button>
        <button
          type="button"
          onMouseDown={keepFocus}
          onClick={onPick}
          aria-pressed={isPair ? isBest : rank !== null}
          className={`inline-flex min-h-9 items-center gap-2 rounded-md border px-3 text-sm pointer-coarse:min-h-11 hover:bg-muted ${
            isPair
              ? 'aria-pressed:border-primary aria-pressed:bg-primary aria-pressed:text-primary-foreground'
              : 'aria-pressed:bg-muted aria-pressed:text-muted-foreground'
          }`}
        >
          {isPair ? `${letter} is better` : rank === null ? `Place ${letter}` : `${letter} placed`}
          <kbd className="rounded-sm border border-current px-1 font-mono text-[11px] max-sm:hidden pointer-coarse:hidden">
            {index + 1}
          </kbd>
        </button>
      </header>
      <div
        data-tall
        className="min-h-0 grow overflow-y-auto overscroll-contain px-4 py-3"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
        tabIndex={0}
      >
        {content.trim() === '' ? (
          <p className="text-muted-foreground italic">This response is empty.</p>
        ) : (
          <MarkdownText text={content} />
        )}
      </div>
    </section>
  );
}
