import { login, renew } from '@/lib/api/client';
import type { User } from '@/lib/api/types';

/** Return the code of `#link=CODE`, or null. */
export function linkCode(fragment: string): string | null {
  const code = new URLSearchParams(fragment.replace(/^#/, '')).get('link');
  return code === null || code === '' ? null : code;
}

/**
 * Take the one-time code out of the page's address.
 *
 * It is removed at once, before it is used, so that neither the history nor a copied address holds it.
 */
export function takeLinkCode(): string | null {
  const code = linkCode(window.location.hash);
  if (code !== null) {
    const { pathname, search } = window.location;
    window.history.replaceState(window.history.state, '', pathname + search);
  }
  return code;
}

/**
 * Sign in by the link in the address, else by the cookie of an earlier visit; null when neither.
 *
 * A link that was used before still opens the page for somebody who is signed in.
 */
export async function boot(): Promise<User | null> {
  const code = takeLinkCode();
  if (code === null) return renew();
  try {
    return await login({ link: code });
  } catch (error) {
    const user = await renew();
    if (user === null) throw error;
    return user;
  }
}
