'use client';

import { useCallback, useEffect, useReducer, useRef, useState } from 'react';
import { Button } from '@/app/_ui/button.tsx';
import { Kbd } from '@/app/_ui/kbd.tsx';
import type { Answer } from '@/server/judgments/schemas.ts';
import { describeAnswer } from '../ranking/describe-answer.ts';
import { keepFocus } from '../ranking/keep-focus.ts';
import type { LabelCommand } from '../ranking/keyboard.ts';
import { PairScale } from '../ranking/pair-scale.tsx';
import { RankRail } from '../ranking/rank-rail.tsx';
import {
  letterOf,
  missingFrom,
  type RankingAction,
  type RankingState,
  reduceRanking,
} from '../ranking/ranking-state.ts';
import { useLabelKeys } from '../ranking/use-label-keys.ts';
import { type ActivityClock, noteActivity, noteInteraction } from '../sending/activity-clock.ts';
import { answerOf } from '../sending/answer-of.ts';
import type { TaskView } from '../sending/answer-sender.ts';
import { useCoarsePointer } from './coarse-pointer.ts';
import { FlagsDialog } from './flags-dialog.tsx';
import { PromptBox } from './prompt-box.tsx';
import { ResponsePane } from './response-pane.tsx';
import { ScrollDots } from './scroll-dots.tsx';
import { useTallest } from './use-tallest.ts';

type Props = {
  task: TaskView;
  initial: { state: RankingState; clock: ActivityClock };
  submitLabel: string;
  /** a side panel or dialog of the page is open */
  isCovered: boolean;
  onSubmit: (answer: Answer) => void;
  onDraft: (state: RankingState, clock: ActivityClock) => void;
  onPresence: () => void;
  /** commands that concern the page, not this answer */
  onCommand: (command: LabelCommand) => void;
};

/** One task with the answer being given. The page mounts a new one for each task (by key). */
export function AnswerSheet(props: Props) {
  const { task, initial, submitLabel, isCovered, onSubmit, onDraft, onPresence, onCommand } = props;
  const [state, reduce] = useReducer(reduceRanking, initial.state);
  const clock = useRef(initial.clock);
  const [flagging, setFlagging] = useState<string | null>(null);
  const [isDragging, setDragging] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const rationale = useRef<HTMLTextAreaElement>(null);
  const prompt = useRef<HTMLElement>(null);
  const panes = useRef<HTMLDivElement>(null);
  const tallest = useTallest(panes);
  const isTouch = useCoarsePointer();
  const lastInput = useRef<'keyboard' | 'pointer' | 'touch'>('keyboard');
  const isPair = state.shown.length === 2;

  const dispatch = useCallback((action: RankingAction) => {
    clock.current = noteInteraction(clock.current, lastInput.current, Date.now());
    setProblem(null);
    reduce(action);
  }, []);

  // a new task: screen readers start at its prompt, and keys work at once
  useEffect(() => prompt.current?.focus({ preventScroll: true }), []);
  useEffect(() => onDraft(state, clock.current), [state, onDraft]);
  useEffect(() => {
    const note = () => {
      clock.current = noteActivity(clock.current, Date.now());
      onPresence();
    };
    const noteInput = (event: Event) => {
      if (event instanceof PointerEvent)
        lastInput.current = event.pointerType === 'touch' ? 'touch' : 'pointer';
      else if (event instanceof KeyboardEvent) lastInput.current = 'keyboard';
      note();
    };
    const inputs = ['keydown', 'pointerdown'];
    const signs = ['pointermove', 'wheel', 'touchmove'];
    for (const name of inputs) window.addEventListener(name, noteInput, { capture: true, passive: true });
    for (const name of signs) window.addEventListener(name, note, { capture: true, passive: true });
    return () => {
      for (const name of inputs) window.removeEventListener(name, noteInput, { capture: true });
      for (const name of signs) window.removeEventListener(name, note, { capture: true });
    };
  }, [onPresence]);

  const submit = () => {
    const missing = missingFrom(state, task.requireRationale);
    setProblem(missing);
    if (missing === null) onSubmit(answerOf(state, clock.current));
    else if (task.requireRationale && missingFrom(state, false) === null) rationale.current?.focus();
  };

  const run = (command: LabelCommand) => {
    switch (command.type) {
      case 'pick': {
        const id = state.shown[command.index];
        if (id !== undefined) dispatch({ type: 'pick', id });
        return;
      }
      case 'shift':
      case 'select-next':
      case 'tie':
      case 'all-bad':
      case 'not-rankable':
        return dispatch(command);
      case 'unplace':
        if (isPair || state.selected === null) return dispatch({ type: 'clear' });
        return dispatch({ type: 'unplace', id: state.selected });
      case 'flags':
        return setFlagging(state.selected ?? state.shown[0] ?? null);
      case 'rationale':
        return rationale.current?.focus();
      case 'submit':
        return submit();
      default:
        return onCommand(command);
    }
  };
  useLabelKeys({ run, isDialogOpen: isCovered || flagging !== null, isDragging, isPair });

  const said = describeAnswer(state);
  const columns = isPair
    ? 'sm:grid-cols-2'
    : state.shown.length === 4
      ? 'sm:grid-cols-2'
      : 'sm:grid-cols-2 xl:grid-cols-3';
  return (
    <div className="flex min-h-0 grow flex-col gap-3 px-3 py-3 sm:px-4">
      <PromptBox messages={task.prompt} box={prompt} />

      <div
        // on a narrow screen the order stands below the answers, and both scroll between prompt and footer
        className={`flex min-h-0 grow flex-col gap-3 ${isPair ? '' : 'max-lg:overflow-y-auto lg:flex-row'}`}
      >
        <div
          ref={panes}
          style={{ '--tallest': `${tallest}px` } as React.CSSProperties}
          className={`relative flex min-h-[min(18rem,var(--tallest))] min-w-0 grow snap-x snap-mandatory gap-3 overflow-x-auto ${isPair ? '-mx-3 px-3 sm:mx-0' : 'shrink-0 lg:shrink'} sm:grid sm:auto-rows-[minmax(min(14rem,var(--tallest)),1fr)] sm:overflow-x-visible sm:px-0 ${columns} ${isPair ? '' : 'sm:overflow-y-auto'}`}
        >
          {task.responses.map((response) => (
            <ResponsePane
              key={response.id}
              state={state}
              id={response.id}
              content={response.content}
              onPick={() => dispatch({ type: 'pick', id: response.id })}
              onFlags={() => setFlagging(response.id)}
            />
          ))}
        </div>
        <ScrollDots row={panes} letters={state.shown.map((id) => letterOf(state, id))} />
        {!isPair && (
          <aside className="shrink-0 lg:w-64 lg:overflow-y-auto" aria-label="Ranking">
            <RankRail state={state} dispatch={dispatch} onDragging={setDragging} />
          </aside>
        )}
      </div>

      <footer className="grid shrink-0 gap-2">
        {isPair && <PairScale state={state} dispatch={dispatch} />}
        <div className="flex flex-wrap items-center gap-2">
          <Toggle
            isOn={state.tieKind === 'equal' || state.tieKind === 'both_good'}
            onPress={() => dispatch({ type: 'tie' })}
            keyName="T"
          >
            {state.tieKind === 'both_good' ? 'Tie, both good' : 'Tie'}
          </Toggle>
          <Toggle
            isOn={state.tieKind === 'both_bad'}
            onPress={() => dispatch({ type: 'all-bad' })}
            keyName="0"
          >
            {isPair ? 'Both bad' : 'All bad'}
          </Toggle>
          <Toggle isOn={state.notRankable} onPress={() => dispatch({ type: 'not-rankable' })} keyName="N">
            Not rankable
          </Toggle>
          <p className="min-w-40 grow text-sm" data-testid="said">
            {problem === null ? (
              said
            ) : (
              <span role="alert" className="text-destructive">
                {problem}
              </span>
            )}
          </p>
          <p className="sr-only" aria-live="polite">
            {state.selected !== null && !isPair ? `${letterOf(state, state.selected)} selected. ` : ''}
            {said}
          </p>
        </div>
        <div className="flex items-stretch gap-2">
          <textarea
            ref={rationale}
            value={state.rationale}
            onChange={(event) => dispatch({ type: 'set-rationale', text: event.target.value })}
            onKeyDown={(event) => {
              if (event.key === 'Escape' && !event.nativeEvent.isComposing) {
                event.preventDefault();
                prompt.current?.focus({ preventScroll: true });
              }
            }}
            rows={1}
            maxLength={10_000}
            aria-label={task.requireRationale ? 'Reason (required)' : 'Reason (optional)'}
            dir="auto"
            placeholder={`Why? (${task.requireRationale ? 'required' : 'optional'}${isTouch ? '' : ', key R'})`}
            className="min-h-11 grow resize-y rounded-md border border-input bg-card px-3 py-2.5 text-base sm:text-sm"
          />
          <Button size="lg" onMouseDown={keepFocus} onClick={submit}>
            {submitLabel}{' '}
            <Kbd className="border-current bg-transparent text-current max-sm:hidden">Enter</Kbd>
          </Button>
        </div>
      </footer>
      <FlagsDialog state={state} dispatch={dispatch} id={flagging} onChange={setFlagging} />
    </div>
  );
}

function Toggle({
  isOn,
  onPress,
  keyName,
  children,
}: {
  isOn: boolean;
  onPress: () => void;
  keyName: string;
  children: React.ReactNode;
}) {
  return (
    <button
      type="button"
      aria-pressed={isOn}
      onMouseDown={keepFocus}
      onClick={onPress}
      className="inline-flex min-h-9 items-center gap-2 rounded-md border bg-card px-3 text-sm pointer-coarse:min-h-11 hover:bg-muted aria-pressed:border-primary aria-pressed:bg-primary aria-pressed:text-primary-foreground"
    >
      {children}
      <kbd className="rounded-sm border border-current px-1 font-mono text-[11px] max-sm:hidden pointer-coarse:hidden">
        {keyName}
      </kbd>
    </button>
  );
}
