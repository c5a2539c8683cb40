/** The tRPC router over plain node:http, for trying the load test without building the pages: LOAD_TEST_WEB=thin. */
import { createHTTPServer } from '@trpc/server/adapters/standalone';
import { createContext } from '../../server/auth/create-context.ts';
import { appRouter } from '../../server/root.ts';

const server = createHTTPServer({
  router: appRouter,
  basePath: '/api/trpc/',
  createContext: ({ req }) => createContext(new Headers(req.headers as Record<string, string>)),
});
server.listen(Number(process.argv[2]), '127.0.0.1');
