/** What an API server answered when it did not do what it was asked. */

export class ApiError extends Error {
  /** HTTP status; 0: there was no answer. */
  readonly status: number;
  /** Kubernetes' word for it, such as `Expired`; empty where it gave none. */
  readonly reason: string;
  /** Seconds after which to ask again; null where it did not say. */
  readonly retryAfterSec: number | null;

  constructor(status: number, reason: string, message: string, retryAfterSec: number | null = null) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.reason = reason;
    this.retryAfterSec = retryAfterSec;
  }

  /** The resourceVersion is no longer known: all must be listed again. */
  get isGone(): boolean {
    return this.status === 410;
  }

  /** The server does not have this kind. */
  get isNotFound(): boolean {
    return this.status === 404;
  }
}

interface Status {
  readonly code?: number;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: { readonly retryAfterSeconds?: number };
}

/** @param body text of the answer: a Status object as a rule. */
export function errorOfAnswer(status: number, body: string, retryAfter: string | undefined): ApiError {
  const said = statusOf(body);
  const seconds = Number(retryAfter ?? said.details?.retryAfterSeconds ?? Number.NaN);
  const message = said.message ?? body.trim().slice(0, 200);
  const text = `${status}${said.reason === undefined ? '' : ` ${said.reason}`}${message === '' ? '' : `: ${message}`}`;
  return new ApiError(status, said.reason ?? '', text, Number.isFinite(seconds) ? seconds : null);
}

/** An event of type ERROR in a watch carries a Status. */
export function errorOfEvent(object: unknown): ApiError {
  const { code, reason, message, details } = (object ?? {}) as Status;
  const text = [code, reason, message].filter((part) => part !== undefined).join(' ');
  return new ApiError(code ?? 500, reason ?? '', text, details?.retryAfterSeconds ?? null);
}

function statusOf(body: string): Status {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Status) : {};
  } catch {
    return {}; // a proxy's page, or nothing
  }
}
