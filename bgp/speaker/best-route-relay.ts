/**
 * Hands best routes to whoever listens (the agent), and End-of-RIB once both hold: the listener has been told
 * every route there was, and the initial routes of the family are complete.
 */
import { FAMILIES, type Family } from '../net/index.ts';
import type { RibView } from '../rib/rib-view.ts';
import type { BestRouteListener } from './speaker-api.ts';

interface Subscription {
  readonly listener: BestRouteListener;
  readonly replayed: Set<Family>;
  readonly told: Set<Family>;
}

export class BestRouteRelay {
  readonly #rib: RibView;
  readonly #subscriptions = new Set<Subscription>();
  readonly #complete = new Set<Family>();

  constructor(rib: RibView) {
    this.#rib = rib;
  }

  subscribe(listener: BestRouteListener, { replay = true }: { readonly replay?: boolean } = {}): () => void {
    const subscription: Subscription = { listener, replayed: new Set(), told: new Set() };
    if (replay) this.#subscriptions.add(subscription);
    const isInColumns = listener.onBestRouteColumns !== undefined;
    const unsubscribe = this.#rib.subscribeBestRoutes(
      {
        onBestRoutes: (changes) => listener.onBestRoutes(changes),
        ...(isInColumns && { onBestRouteColumns: (columns) => listener.onBestRouteColumns?.(columns) }),
        onReplayed: (family) => {
          subscription.replayed.add(family);
          this.#tell(subscription);
        },
      },
      { replay },
    );
    return () => {
      this.#subscriptions.delete(subscription);
      unsubscribe();
    };
  }

  /** The initial routes of the family are complete and have been decided on. */
  complete(family: Family): void {
    this.#complete.add(family);
    for (const subscription of this.#subscriptions) this.#tell(subscription);
  }

  #tell(subscription: Subscription): void {
    if (!this.#subscriptions.has(subscription)) return;
    for (const family of FAMILIES) {
      const isDue = this.#complete.has(family) && subscription.replayed.has(family);
      if (!isDue || subscription.told.has(family)) continue;
      subscription.told.add(family);
      subscription.listener.onEndOfRib(family);
    }
  }
}
