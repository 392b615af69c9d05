/** Temporary folders that are gone after use, at the latest when this process ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from './at-exit.ts';

export class TempFolder {
  readonly path: string;
  readonly #forget: () => void;

  constructor(name: string) {
    this.path = mkdtempSync(join(tmpdir(), `manul-${name}-`));
    this.#forget = atExit(() => this.remove());
  }

  /** Absolute path of `name` inside. */
  file(name: string): string {
    return join(this.path, name);
  }

  /** Writes a file, readable for all (daemons drop root), and returns its path. */
  write(name: string, text: string): string {
    writeFileSync(this.file(name), text, { mode: 0o644 });
    return this.file(name);
  }

  remove(): void {
    this.#forget();
    rmSync(this.path, { recursive: true, force: true });
  }
}
