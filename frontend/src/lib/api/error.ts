/** A request that failed, in words a person can act on. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    /** HTTP status, or 0 when no answer came. */
    readonly status: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

function detailOf(body: unknown): string | null {
  const detail = typeof body === 'object' && body !== null && 'detail' in body ? body.detail : null;
  return typeof detail === 'string' ? detail : null;
}

/** Return the error an answer with a failure status stands for: the server's sentence if it gave one. */
export async function errorOf(response: Response): Promise<ApiError> {
  const isJson = (response.headers.get('content-type') ?? '').includes('json');
  const detail = isJson ? detailOf(await response.json()) : null;
  const found = `The server answered ${response.status} ${response.statusText}`.trim();
  return new ApiError(response.status, detail === null ? `${found}.` : `${found}: ${detail}.`);
}
