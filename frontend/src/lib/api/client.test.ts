import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { Token } from '@/lib/api/types';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
type Client = typeof import('@/lib/api/client');

const TOKEN: Token = {
  access_token: 'first',
  token_type: 'bearer',
  expires_in: 600,
  user: {
    user_id: 1,
    username: 'ada',
    email: 'ada@example.org',
    role: 'trader',
    is_active: true,
    created_at: '2024-01-01T00:00:00Z',
    updated_at: '2024-01-01T00:00:00Z',
  },
};

const json = (status: number, body: unknown): Answer => (_, response) => {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
};

let server: Server;
let seen: string[];
let answers: Record<string, Answer>;
let client: Client;
const pageFetch = globalThis.fetch;

beforeEach(async () => {
  seen = [];
  answers = {};
  server = createServer((request, response) => {
    const line = `${request.method} ${request.url}`;
    seen.push(`${line} ${request.headers.authorization ?? '-'}`);
    (answers[line] ?? json(404, { detail: 'not found' }))(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  // Node has no page, so addresses are completed here as a page would.
  globalThis.fetch = (path, init) => pageFetch(`http://127.0.0.1:${port}${String(path)}`, init);
  vi.resetModules();
  client = await import('@/lib/api/client');
});

afterEach(async () => {
  globalThis.fetch = pageFetch;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it('the token of a login is sent with every request after it', async () => {
  answers['POST /api/v1/auth/login'] = json(200, TOKEN);
  answers['GET /api/v1/trades?session_id=7'] = json(200, []);
  const user = await client.login({ link: 'code' });
  expect(user.username).toBe('ada');
  expect(await client.api.get('/trades', { session_id: 7, symbol: undefined })).toEqual([]);
  expect(seen.at(-1)).toBe('GET /api/v1/trades?session_id=7 Bearer first');
});

it('requests that find the token expired share one renewal and are repeated', async () => {
  const isFresh = (request: IncomingMessage) => request.headers.authorization === 'Bearer second';
  answers['POST /api/v1/auth/login'] = json(200, TOKEN);
  answers['POST /api/v1/auth/refresh'] = json(200, { ...TOKEN, access_token: 'second' });
  for (const name of ['trades', 'alerts']) {
    answers[`GET /api/v1/${name}`] = (request, response) =>
      json(isFresh(request) ? 200 : 401, isFresh(request) ? [name] : { detail: 'expired' })(request, response);
  }
  await client.login({ link: 'code' });
  expect(await Promise.all([client.api.get('/trades'), client.api.get('/alerts')])).toEqual([
    ['trades'],
    ['alerts'],
  ]);
  expect(seen.filter((line) => line.includes('/auth/refresh'))).toHaveLength(1);
});

it('a session that ended is said once, and the request fails', async () => {
  answers['GET /api/v1/trades'] = json(401, { detail: 'expected an access token: log in first' });
  answers['POST /api/v1/auth/refresh'] = json(401, { detail: 'no cookie' });
  let ended = 0;
  client.whenSignedOut(() => {
    ended += 1;
  });
  await expect(client.api.get('/trades')).rejects.toThrow('log in first');
  expect(ended).toBe(1);
});

it('without a cookie nobody is signed in', async () => {
  answers['POST /api/v1/auth/refresh'] = json(401, { detail: 'no cookie' });
  expect(await client.renew()).toBeNull();
});

it("an error carries the server's sentence", async () => {
  answers['GET /api/v1/trades'] = json(422, { detail: 'query.limit: expected at most 1000' });
  await expect(client.api.get('/trades')).rejects.toMatchObject({
    status: 422,
    message: expect.stringContaining('query.limit: expected at most 1000') as string,
  });
});

it('an answer that is no JSON is named by its status', async () => {
  answers['GET /api/v1/trades'] = (_, response) => {
    response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>Bad gateway</h1>');
  };
  await expect(client.api.get('/trades')).rejects.toThrow('The server answered 502 Bad Gateway');
});

it('a server that is gone is said, with the time, until it answers again', async () => {
  const { connection } = await import('@/lib/api/connection');
  answers['GET /api/v1/trades'] = (request) => request.socket.destroy();
  const before = Date.now();
  await expect(client.api.get('/trades')).rejects.toThrow('does not answer');
  const { lostAt } = connection.read();
  expect(lostAt).toBeGreaterThanOrEqual(before);

  answers['GET /api/v1/trades'] = json(200, []);
  await client.api.get('/trades');
  expect(connection.read().lostAt).toBeNull();
});
