/** Routes that are objects already, as those who read many want them. */
import { PrefixKey } from '../prefix/prefix-key.ts';
import type { KernelRoute, RouteCursor, RouteTarget } from './kernel-port.ts';

export class RouteList implements RouteCursor {
  readonly key = new PrefixKey();
  readonly #routes: readonly KernelRoute[];
  #at = -1;

  constructor(routes: readonly KernelRoute[]) {
    this.#routes = routes;
  }

  next(): boolean {
    if (this.#at + 1 >= this.#routes.length) return false;
    this.#at++;
    this.key.parse(this.#routes[this.#at]!.prefix);
    return true;
  }

  get metric(): number {
    return this.#routes[this.#at]!.metric;
  }

  get target(): RouteTarget {
    return this.#routes[this.#at]!.target;
  }
}
