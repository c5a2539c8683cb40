import path from 'node:path';
import type { BrowserContext } from '@playwright/test';
import { encode } from 'next-auth/jwt';
import type { Db } from '../../../db/client.ts';
import { memberships } from '../../../db/schema/projects.ts';
import { runs } from '../../../db/schema/runs.ts';
import { users } from '../../../db/schema/users.ts';
import { newId } from '../../../lib/new-id.ts';
import type { Role } from '../../../lib/roles.ts';
import { sessionSecret } from '../../../server/auth/secret.ts';
import { SESSION_COOKIE } from '../../../server/auth/session.ts';
import type { Ctx } from '../../../server/context.ts';
import { openDataFolder } from '../../../server/data-folder.ts';
import { createProject, type Project } from '../../../server/projects/create.ts';
import type { ProjectSettings } from '../../../server/projects/schemas.ts';
import { beginSession } from '../../../server/sessions/begin.ts';
import { addPrompt } from '../../../server/tasks/add-prompt.ts';
import { addResponses } from '../../../server/tasks/add-responses.ts';
import { addTask } from '../../../server/tasks/add-task.ts';
import { ADDRESS, DATA_FOLDER } from './server-address.ts';

/** A prompt with its responses, to become one task. */
export type Question = { prompt: string; responses: string[] };

/**
 * Puts people, projects and tasks straight into the running server's data folder through the domain's own verbs, so that a
 * journey starts where it gets interesting. Everything has a name of its own: tests never meet each other's rows.
 */
export class World {
  readonly db: Db;

  constructor(dataFolder: string = DATA_FOLDER) {
    this.db = openDataFolder(dataFolder);
    this.dataFolder = path.resolve(dataFolder);
  }
  readonly dataFolder: string;

  ctxAs(userId: string, isInstanceOwner = false): Ctx {
    return {
      db: this.db,
      dataFolder: this.dataFolder,
      now: Date.now,
      actor: { type: 'user', userId, isInstanceOwner },
    };
  }

  addUser(name: string): string {
    const id = newId('usr');
    this.db
      .insert(users)
      .values({ id, name, email: `${id}@example.org`, createdAt: Date.now() })
      .run();
    return id;
  }

  /** A project with one member of each role. */
  addProject(
    name: string,
    settings: Partial<ProjectSettings> = {},
  ): { project: Project; people: Record<Role, string> } {
    const owner = this.addUser(`${name} owner`);
    const unique = newId('e2e').slice(-8);
    const project = createProject({
      ctx: this.ctxAs(owner, true),
      input: { name, slug: `e2e-${unique}`, settings },
    });
    const people = { owner } as Record<Role, string>;
    let number = 1;
    for (const role of ['researcher', 'annotator', 'auditor'] as const) {
      number += 1;
      people[role] = this.addUser(`${name} ${role}`);
      this.db
        .insert(memberships)
        .values({
          projectId: project.id,
          userId: people[role],
          role,
          pseudonym: `A${number}`,
          createdAt: Date.now(),
        })
        .run();
    }
    return { project, people };
  }

  /** Tasks in the order given (priority falls), as an import of prompts with responses would make them. */
  addTasks(project: Project, owner: string, questions: readonly Question[]): void {
    const ctx = this.ctxAs(owner, true);
    this.db.transaction(
      () => {
        questions.forEach(({ prompt, responses }, index) => {
          const { promptId } = addPrompt({
            ctx,
            input: { projectId: project.id, messages: [{ role: 'user', content: prompt }] },
          });
          const responseIds = addResponses({
            ctx,
            input: { promptId, responses: responses.map((content) => ({ content, origin: 'imported' })) },
          });
          const priority = questions.length - index;
          addTask({
            ctx,
            input: {
              projectId: project.id,
              promptId,
              responseIds,
              overlap: project.settings.overlap,
              priority,
            },
          });
        });
      },
      { behavior: 'immediate' },
    );
  }

  /** A run that was cancelled before its first step: a page to look at, nothing for the worker. */
  addRun(project: Project, createdBy: string): string {
    const id = newId('run');
    this.db
      .insert(runs)
      .values({
        id,
        projectId: project.id,
        recipe: 'sft',
        name: 'never-started',
        status: 'cancelled',
        config: {},
        folder: `runs/${id}`,
        createdBy,
        createdAt: Date.now(),
      })
      .run();
    return id;
  }

  /** Signs a browser in as somebody, with the same cookie that signing in gives. */
  async signIn(context: BrowserContext, userId: string): Promise<void> {
    const input = { userId, address: '127.0.0.1', userAgent: 'Playwright' };
    const { sessionId } = beginSession({ ctx: this.ctxAs(userId), input });
    const value = await encode({
      token: { sub: userId, session: sessionId },
      secret: sessionSecret(this.dataFolder),
    });
    await context.addCookies([
      { name: SESSION_COOKIE, value, url: ADDRESS, httpOnly: true, sameSite: 'Lax' },
    ]);
  }
}
