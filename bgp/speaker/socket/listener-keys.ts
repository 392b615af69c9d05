/** The TCP MD5 keys of one listening socket, kept as a difference to what it has. */
import type { Server } from 'node:net';
import type { Prefix } from '../../net/index.ts';
import { saveSyn, setMd5Key } from './socket-options.ts';
import { fileDescriptor } from './socket-security.ts';

export interface ListenerKey {
  /** Canonical text of `prefix`. */
  readonly text: string;
  readonly prefix: Prefix;
  readonly key: string;
}

export class ListenerKeys {
  #installed = new Map<string, ListenerKey>();
  #savesSyn = false;

  /** A new socket has none. */
  forget(): void {
    this.#installed = new Map();
    this.#savesSyn = false;
  }

  /**
   * Those that go make room first. Who is without a key meanwhile gains nothing: its SYN is not signed.
   * @returns what the kernel did not take, in words; null when it has everything
   */
  apply(socket: Server | number, wanted: readonly ListenerKey[], savesSyn: boolean): string | null {
    const fd = typeof socket === 'number' ? socket : fileDescriptor(socket);
    if (fd === null) return null;
    const failures: string[] = [];
    const attempt = (what: string, change: () => void): void => {
      try {
        change();
      } catch (error) {
        failures.push(`${what}: ${failureText(error)}`);
      }
    };
    if (savesSyn !== this.#savesSyn) {
      attempt('connections cannot be checked', () => saveSyn(fd, savesSyn));
      this.#savesSyn = savesSyn;
    }
    const kept = new Set(wanted.map(({ text }) => text));
    for (const [text, { prefix }] of this.#installed) {
      if (kept.has(text)) continue;
      this.#installed.delete(text);
      attempt(`the TCP MD5 key for ${text} stays`, () => setMd5Key(fd, prefix, null));
    }
    for (const key of wanted) {
      if (this.#installed.get(key.text)?.key === key.key) continue;
      attempt(`no TCP MD5 key for ${key.text}`, () => {
        setMd5Key(fd, key.prefix, key.key);
        this.#installed.set(key.text, key);
      });
    }
    if (failures.length <= 1) return failures[0] ?? null;
    return `${failures[0]}; and ${failures.length - 1} more`;
  }
}

function failureText(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOMEM') return 'the kernel has no room for more keys, raise net.core.optmem_max';
  return message;
}
