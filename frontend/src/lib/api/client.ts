/**
 * Requests to the API.
 *
 * The access token lives in this module only and is gone with the page; the refresh token is a
 * cookie this code cannot read. A 401 renews the access token once and repeats the request.
 */
import { connection } from '@/lib/api/connection';
import { ApiError, errorOf } from '@/lib/api/error';
import type { Login, Register, Token, User } from '@/lib/api/types';

const BASE = '/api/v1';

type Query = Record<string, string | number | boolean | undefined>;

interface Options {
  method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  query?: Query;
  body?: unknown;
  signal?: AbortSignal;
}

let accessToken: string | null = null;
let renewal: Promise<User | null> | null = null;
let onSignedOut: () => void = () => undefined;

/** Call `listener` when the server no longer accepts this session. */
export function whenSignedOut(listener: () => void): void {
  onSignedOut = listener;
}

function address(path: string, query: Query = {}): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) params.set(name, String(value));
  }
  const text = params.toString();
  return BASE + path + (text ? `?${text}` : '');
}

async function send(path: string, { method = 'GET', query, body, signal }: Options): Promise<Response> {
  const headers = new Headers({ Accept: 'application/json' });
  if (accessToken !== null) headers.set('Authorization', `Bearer ${accessToken}`);
  const init: RequestInit = { method, headers, credentials: 'same-origin' };
  if (signal) init.signal = signal;
  if (body !== undefined) {
    headers.set('Content-Type', 'application/json');
    init.body = JSON.stringify(body);
  }
  try {
    const response = await fetch(address(path, query), init);
    connection.answered();
    return response;
  } catch (error) {
    if (signal?.aborted) throw error;
    connection.lost(Date.now());
    throw new ApiError(0, 'The server does not answer. Is it running?', { cause: error });
  }
}

async function read<T>(response: Response): Promise<T> {
  if (!response.ok) throw await errorOf(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

async function authenticate(path: string, body?: unknown): Promise<User> {
  accessToken = null;
  const token = await read<Token>(await send(path, { method: 'POST', body }));
  accessToken = token.access_token;
  return token.user;
}

async function renewOnce(): Promise<User | null> {
  try {
    return await authenticate('/auth/refresh');
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) return null;
    throw error;
  }
}

async function inTurn(): Promise<User | null> {
  // Browsers give locks to pages of https and of this machine only.
  return 'locks' in navigator
    ? navigator.locks.request('cryptovolt-refresh', renewOnce)
    : renewOnce();
}

/**
 * Return the user of the refresh cookie, or null when there is none.
 *
 * A refresh token works once and using it twice ends the session, so requests of this page share
 * one renewal, and pages of this browser take turns where it has locks.
 */
export function renew(): Promise<User | null> {
  renewal ??= inTurn().finally(() => {
    renewal = null;
  });
  return renewal;
}

async function request<T>(path: string, options: Options): Promise<T> {
  const used = accessToken;
  let response = await send(path, options);
  if (response.status === 401) {
    // Another request may have renewed the token since; while it is doing so there is none.
    const isRenewed = accessToken !== null && accessToken !== used;
    const renewed = isRenewed || (await renew()) !== null;
    if (renewed) response = await send(path, options);
    if (response.status === 401) {
      accessToken = null;
      onSignedOut();
    }
  }
  return read<T>(response);
}

export const api = {
  get: <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
    request<T>(path, { ...(query && { query }), ...(signal && { signal }) }),
  post: <T>(path: string, body?: unknown): Promise<T> => request<T>(path, { method: 'POST', body }),
  patch: <T>(path: string, body: unknown): Promise<T> => request<T>(path, { method: 'PATCH', body }),
};

export const login = (body: Login): Promise<User> => authenticate('/auth/login', body);

export const register = async (body: Register): Promise<User> =>
  read<User>(await send('/auth/register', { method: 'POST', body }));

export async function logout(): Promise<void> {
  await request<unknown>('/auth/logout', { method: 'POST' });
  accessToken = null;
}
