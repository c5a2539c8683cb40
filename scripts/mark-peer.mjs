// Loaded before the web process: writes into every request, whatever its client sent, who is at the other end of the connection.
// Next keeps X-Forwarded-For as a client sends it and hands no socket to routes; server/auth/client-address.ts reads this header,
// whose name nobody outside this process knows.
import { randomBytes } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';

const header = `x-plumbline-peer-${randomBytes(16).toString('hex')}`;
process.env.PLUMBLINE_PEER_HEADER = header;
subscribe('http.server.request.start', ({ request }) => {
  request.headers[header] = request.socket.remoteAddress ?? '';
});
