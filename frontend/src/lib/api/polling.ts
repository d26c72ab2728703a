/** How often shown data is asked for, in ms. Nothing is asked while the page is hidden. */
export const POLL_MS = 2_000;

export const polled = { refetchInterval: POLL_MS, refetchIntervalInBackground: false } as const;
