/** Failures as the CNI specification numbers them (section 5, "Error"); 100 and above are a plugin's own. */

export const CniCode = {
  IncompatibleVersion: 1,
  UnknownContainer: 3,
  InvalidEnvironment: 4,
  Io: 5,
  Decode: 6,
  InvalidConfig: 7,
  TryAgain: 11,
  NotAvailable: 50,
  Failed: 100,
  /** What CHECK looks at is not as ADD left it. */
  NotAsMade: 101,
} as const;

export type CniCode = (typeof CniCode)[keyof typeof CniCode];

export class CniError extends Error {
  readonly code: CniCode;
  readonly details: string;

  /** @param message what is wrong, in a few words; @param details what of, and why */
  constructor(code: CniCode, message: string, details = '') {
    super(message);
    this.code = code;
    this.details = details;
  }
}
