/** Whether the server answers at all: a tiny store the request function writes and the header reads. */

export interface Connection {
  /** Null while the server answers; else the time (ms) of the first request it did not answer. */
  lostAt: number | null;
}

let current: Connection = { lostAt: null };
const listeners = new Set<() => void>();

function set(next: Connection): void {
  current = next;
  for (const listener of listeners) listener();
}

export const connection = {
  read: (): Connection => current,
  subscribe(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
  answered(): void {
    if (current.lostAt !== null) set({ lostAt: null });
  },
  lost(now: number): void {
    if (current.lostAt === null) set({ lostAt: now });
  },
};
