/** Those who wait until host routes lead to an interface: a pod must not see its network before the node does. */
import type { KernelRoute } from '../routetable/route-key.ts';
import type { Clock } from './clock.ts';

interface Waiter {
  readonly prefixes: readonly string[];
  readonly interfaceIndex: number;
  readonly resolve: (isRouted: boolean) => void;
}

export class RoutedWait {
  readonly #clock: Clock;
  readonly #inPlace: (prefix: string) => KernelRoute | null;
  readonly #waiters = new Set<Waiter>();

  /** @param inPlace the route to a prefix, where the kernel has it as it is desired */
  constructor(clock: Clock, inPlace: (prefix: string) => KernelRoute | null) {
    this.#clock = clock;
    this.#inPlace = inPlace;
  }

  wait(prefixes: readonly string[], interfaceIndex: number, timeoutMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = this.#clock.startTimer(timeoutMs, () => {
        this.#waiters.delete(waiter);
        resolve(false);
      });
      const waiter: Waiter = {
        prefixes,
        interfaceIndex,
        resolve: (isRouted) => {
          timer.cancel();
          resolve(isRouted);
        },
      };
      this.#waiters.add(waiter);
      this.look();
    });
  }

  /** The routes may have changed. */
  look(): void {
    for (const waiter of this.#waiters) {
      if (!waiter.prefixes.every((prefix) => this.#leadsTo(prefix, waiter.interfaceIndex))) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(true);
    }
  }

  #leadsTo(prefix: string, interfaceIndex: number): boolean {
    const hops = this.#inPlace(prefix)?.target.nextHops ?? [];
    return hops.some((hop) => hop.interfaceIndex === interfaceIndex);
  }
}
