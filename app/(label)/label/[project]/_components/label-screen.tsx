'use client';

import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { useTRPC } from '@/app/_trpc/client.tsx';
import { fetchAnew } from '@/app/_trpc/fetch-anew.ts';
import { useToast } from '@/app/_ui/toast.tsx';
import type { Answer, Receipt } from '@/server/judgments/schemas.ts';
import type { LabelProject } from './label-project.ts';
import type { LabelCommand } from './ranking/keyboard.ts';
import type { RankingState } from './ranking/ranking-state.ts';
import { type ActivityClock, STOPPED_CLOCK } from './sending/activity-clock.ts';
import { stateOf } from './sending/answer-of.ts';
import type { AnswerBody, AnswerSender, TaskView } from './sending/answer-sender.ts';
import { readDraft, writeDraft } from './sending/draft.ts';
import { failureOf } from './sending/label-api.ts';
import { QueueStatus } from './sending/queue-status.tsx';
import type { TaskFeed } from './sending/task-feed.ts';
import { AnswerSheet } from './sheet/answer-sheet.tsx';
import { LabelPanels, type Panel } from './sheet/label-panels.tsx';
import { NoTask } from './sheet/no-task.tsx';
import { SkipDialog } from './sheet/skip-dialog.tsx';
import { EditingBar, LeaseLostBar } from './sheet/task-bars.tsx';
import { TopBar } from './sheet/top-bar.tsx';

export type LabelSession = {
  sender: AnswerSender;
  feed: TaskFeed;
  /** where the draft of a seat or of a correction is kept */
  draftName: (id: string) => string;
  onAccepted: (listener: (body: AnswerBody, receipt: Receipt, key: string) => void) => () => void;
};

/** An earlier answer that is being corrected; the task that was open waits behind it. */
type Editing = { judgmentId: string; revision: number; task: TaskView; state: RankingState };

type Props = {
  project: LabelProject;
  session: LabelSession;
  guideline: { version: number; text: string } | null;
};

export function LabelScreen({ project, session, guideline }: Props) {
  const { sender, feed, draftName } = session;
  const state = useSyncExternalStore(feed.subscribe, feed.getState);
  const queue = useSyncExternalStore(sender.subscribe, sender.getState);
  const [editing, setEditing] = useState<Editing | null>(null);
  const [panel, setPanel] = useState<Panel>(null);
  const [announced, setAnnounced] = useState('');
  /** the last answer, for undo: its key until the server has it, then its judgment */
  const last = useRef<{ key: string; judgmentId: string | null } | null>(null);
  const queryClient = useQueryClient();
  const trpc = useTRPC();
  const toast = useToast();

  useEffect(
    () =>
      session.onAccepted((body, receipt, key) => {
        if (last.current?.key === key) last.current = { key, judgmentId: receipt.judgmentId };
        localStorage.removeItem(draftName(body.kind === 'record' ? body.task.seatId : body.judgmentId));
        void fetchAnew(queryClient, trpc.judgments.mine.infiniteQueryKey({ projectId: project.id }));
      }),
    [session, draftName, queryClient, trpc, project.id],
  );

  /** Opens a correction of an own judgment, of any revision or by its task; with `draft` as what is on the screen. */
  const openAnswer = useCallback(
    async (which: { judgmentId: string } | { taskId: string }, draft?: string) => {
      setPanel(null);
      try {
        const own = await queryClient.fetchQuery({
          ...trpc.judgments.getMine.queryOptions({ projectId: project.id, ...which }),
          staleTime: 0,
          retry: false,
        });
        if (draft !== undefined) localStorage.setItem(draftName(own.judgmentId), draft);
        const shown = own.responses.map((response) => response.id);
        // the scale stays as it was asked then, whatever the project asks now
        const asksStrength = own.strength !== null || own.askStrength;
        const answer = stateOf(own, { shown, asksStrength });
        setEditing({ judgmentId: own.judgmentId, revision: own.revision, task: own, state: answer });
        return 'opened';
      } catch (error) {
        const failure = failureOf(error);
        if (failure.code === 'not-found') return 'none';
        toast('The answer could not be opened', { detail: failure.message, tone: 'danger' });
        return 'failed';
      }
    },
    [queryClient, trpc, project.id, draftName, toast],
  );

  const undo = useCallback(() => {
    const answer = last.current;
    if (answer === null) return setPanel('mine');
    if (answer.judgmentId !== null) return void openAnswer({ judgmentId: answer.judgmentId });
    const body = sender.takeBack(answer.key);
    if (body?.kind === 'record') {
      last.current = null;
      localStorage.setItem(draftName(body.task.seatId), draftOf(body));
      feed.reopen(body.task);
    } else toast('The last answer is being sent; try again in a moment.');
  }, [openAnswer, sender, feed, draftName, toast]);

  const command = useCallback(
    (given: LabelCommand) => {
      if (given.type === 'undo') undo();
      else if (given.type === 'help' || given.type === 'guidelines' || given.type === 'mine')
        setPanel(given.type);
      else if (given.type === 'skip' && editing === null) setPanel('skip');
    },
    [undo, editing],
  );

  const submit = (answer: Answer) => {
    const key = crypto.randomUUID();
    if (editing !== null) {
      sender.submit({ kind: 'revise', judgmentId: editing.judgmentId, task: editing.task, answer }, key);
      setEditing(null);
      setAnnounced('Correction submitted.');
    } else if (state.current !== null) {
      last.current = { key, judgmentId: null };
      sender.submit({ kind: 'record', task: state.current, answer, hasReclaimed: false }, key);
      feed.next();
      setAnnounced('Submitted. Next task.');
    }
  };

  /**
   * A refused answer back on the screen, with everything that was chosen and written. Where the server has a judgment of this
   * task already (another tab, or a later correction), it opens as a correction of that one: the answer itself would be
   * refused again.
   */
  const open = async (key: string) => {
    const body = queue.find((answer) => answer.idempotencyKey === key)?.body;
    if (body === undefined) return;
    const which = body.kind === 'record' ? { taskId: body.task.taskId } : { judgmentId: body.judgmentId };
    const opened = await openAnswer(which, draftOf(body));
    if (opened === 'failed') return;
    sender.takeBack(key);
    if (opened === 'none' && body.kind === 'record') {
      localStorage.setItem(draftName(body.task.seatId), draftOf(body));
      feed.reopen(body.task);
    }
  };

  const leaveEditing = () => {
    if (editing === null) return;
    // "as it was": what was begun here must not come back when it is opened again
    localStorage.removeItem(draftName(editing.judgmentId));
    setEditing(null);
  };

  const task: TaskView | null = editing?.task ?? state.current;
  const draftId = editing?.judgmentId ?? state.current?.seatId ?? null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: read once when the task appears, not at every keystroke
  const initial = useMemo(() => {
    if (task === null || draftId === null) return null;
    const shown = task.responses.map((response) => response.id);
    const view = { shown, asksStrength: editing?.state.asksStrength ?? task.askStrength };
    const stored = localStorage.getItem(draftName(draftId));
    if (editing !== null && stored === null) return { state: editing.state, clock: STOPPED_CLOCK };
    return readDraft(stored, view);
  }, [draftId]);

  const keepDraft = useCallback(
    (ranking: RankingState, clock: ActivityClock) => {
      if (draftId === null || clock.firstInteractionAt === null) return;
      try {
        localStorage.setItem(draftName(draftId), writeDraft(ranking, clock));
      } catch {
        // storage full or forbidden: the draft lives on in this page
      }
    },
    [draftId, draftName],
  );

  const taskIds = task?.responses.length ?? 2;
  return (
    <>
      <TopBar
        project={project}
        progress={state.progress}
        held={(state.current === null ? 0 : 1) + state.upcoming.length}
        queue={queue}
        canUndo={editing === null}
        onCommand={command}
      />
      <QueueStatus
        queue={queue}
        onTryNow={() => {
          sender.wake();
          void feed.fill();
        }}
        onRetry={sender.retry}
        onOpen={(key) => void open(key)}
        onDiscard={(key) => {
          sender.takeBack(key);
          void feed.fill();
        }}
      />
      {editing !== null && <EditingBar revision={editing.revision} onCancel={leaveEditing} />}
      {editing === null && state.lost !== null && state.current !== null && (
        <LeaseLostBar
          message={state.lost}
          onReclaim={() => void feed.reclaim()}
          onMoveOn={() => {
            feed.next();
            void feed.fill();
          }}
        />
      )}
      {task === null || initial === null ? (
        <NoTask
          state={state}
          project={project}
          isWaiting={queue.some((answer) => answer.state !== 'refused')}
          isCovered={panel !== null}
          onRetry={() => void feed.fill()}
          onCommand={command}
        />
      ) : (
        <AnswerSheet
          key={draftId}
          task={task}
          initial={initial}
          submitLabel={editing === null ? 'Submit' : 'Submit correction'}
          isCovered={panel !== null}
          onSubmit={submit}
          onDraft={keepDraft}
          onPresence={feed.notePresence}
          onCommand={command}
        />
      )}
      <p className="sr-only" aria-live="polite">
        {announced}
      </p>
      <LabelPanels
        panel={panel}
        onClose={() => setPanel(null)}
        projectId={project.id}
        guideline={guideline}
        isPair={taskIds === 2}
        onOpen={(judgmentId) => void openAnswer({ judgmentId })}
      />
      <SkipDialog
        isOpen={panel === 'skip' && state.current !== null}
        onClose={() => setPanel(null)}
        onSkip={(reason) => {
          setPanel(null);
          setAnnounced('Skipped. Next task.');
          feed.skip(reason).catch((error: unknown) => {
            toast('The skip did not reach the server', {
              detail: `${failureOf(error).message} The task will go back by itself.`,
            });
          });
        }}
      />
    </>
  );
}

/** An answer taken back becomes a draft again, so that it appears as it was. */
function draftOf(body: AnswerBody): string {
  const shown = body.task.responses.map((response) => response.id);
  const asksStrength = body.answer.strength !== null || body.task.askStrength;
  const ranking = stateOf(body.answer, { shown, asksStrength });
  const { activeMs, firstInteractionAt } = body.answer;
  return writeDraft(ranking, { ...STOPPED_CLOCK, activeMs, firstInteractionAt });
}
