'use client';

import { useEffect, useState } from 'react';
import { useTRPCClient } from '@/app/_trpc/client.tsx';
import type { LabelProject } from './label-project.ts';
import { LabelScreen, type LabelSession } from './label-screen.tsx';
import { createAnswerSender } from './sending/answer-sender.ts';
import { labelApi } from './sending/label-api.ts';
import { createTaskFeed } from './sending/task-feed.ts';

type Props = { project: LabelProject; userId: string; guideline: { version: number; text: string } | null };

/** Starts the feed of tasks and the sender of answers in the browser, and stops them when the page is left. */
export function LabelApp({ project, userId, guideline }: Props) {
  const client = useTRPCClient();
  const [session, setSession] = useState<LabelSession | null>(null);
  useEffect(() => {
    const started = startSession(labelApi(client, project.id), `${userId}.${project.id}`);
    setSession(started);
    const online = () => {
      started.sender.wake();
      void started.feed.fill();
    };
    const look = () => document.visibilityState === 'visible' && void started.feed.checkLeases();
    const leave = () => started.feed.leave();
    const comeBack = (event: PageTransitionEvent) => event.persisted && void started.feed.fill();
    window.addEventListener('online', online);
    window.addEventListener('pagehide', leave);
    window.addEventListener('pageshow', comeBack);
    document.addEventListener('visibilitychange', look);
    return () => {
      window.removeEventListener('online', online);
      window.removeEventListener('pagehide', leave);
      window.removeEventListener('pageshow', comeBack);
      document.removeEventListener('visibilitychange', look);
      started.feed.leave();
      started.feed.stop();
      started.sender.stop();
    };
  }, [client, project.id, userId]);
  if (session === null) return <p className="p-6 text-muted-foreground">Loading the next task…</p>;
  return <LabelScreen project={project} session={session} guideline={guideline} />;
}

function startSession(api: ReturnType<typeof labelApi>, owner: string): LabelSession {
  const accepted = new Set<Parameters<LabelSession['onAccepted']>[0]>();
  const sender = createAnswerSender({
    api,
    storage: window.localStorage,
    prefix: `plumbline.answer.${owner}.`,
    now: Date.now,
    onAccepted: (body, receipt, key) => {
      for (const listener of accepted) listener(body, receipt, key);
      void feed.fill();
    },
  });
  const feed = createTaskFeed({
    api,
    now: Date.now,
    seatsUnderWay: () =>
      sender.getState().flatMap(({ body }) => (body.kind === 'record' ? [body.task.seatId] : [])),
    isSending: () =>
      sender.getState().some(({ body, state }) => body.kind === 'record' && state !== 'refused'),
  });
  // answers left from last time go first, then the first task
  sender.wake();
  void feed.fill();
  return {
    sender,
    feed,
    draftName: (id) => `plumbline.draft.${owner}.${id}`,
    onAccepted: (listener) => {
      accepted.add(listener);
      return () => accepted.delete(listener);
    },
  };
}
