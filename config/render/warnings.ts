/** Collects what a user should know about a rendering. The same warning appears once. */
import type { RenderWarning } from './rendered-node.ts';

export class Warnings {
  readonly #warnings = new Map<string, RenderWarning>();

  /** @param resource `Kind/name`. @param field path of the field, empty for the whole resource. */
  add(resource: string, field: string, text: string): void {
    this.#warnings.set(`${resource}\0${field}\0${text}`, { resource, field, text });
  }

  /** By resource, then in the order in which they came up. */
  list(): RenderWarning[] {
    return [...this.#warnings.values()].sort(
      (a, b) => Number(a.resource > b.resource) - Number(a.resource < b.resource),
    );
  }
}
