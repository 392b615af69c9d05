/** The last things that went wrong, for `manul status`. */

export interface RecordedError {
  /** RFC 3339. */
  readonly at: string;
  /** What it concerns: `peer mesh/node-2`, `datastore`, `listen 10.0.0.1:179`. */
  readonly object: string;
  readonly text: string;
}

const KEPT = 20;
/** Of one object: a peer that fails again and again hides nobody else's errors. */
const KEPT_OF_OBJECT = 3;

export class ErrorRecord {
  #errors: readonly RecordedError[] = [];

  add(object: string, text: string, at = new Date().toISOString()): void {
    let same = 1;
    const others = this.#errors.filter((error) => error.object !== object || ++same <= KEPT_OF_OBJECT);
    this.#errors = [{ at, object, text }, ...others].slice(0, KEPT);
  }

  /** Newest first. */
  list(): readonly RecordedError[] {
    return this.#errors;
  }
}
