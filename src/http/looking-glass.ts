/** `/`: sessions and routes for people, as one plain page without scripts or outside assets. */
import type { RouteQuery } from '@manul/bgp';
import { addressFamily, canonicalAddress, canonicalPrefix } from '@manul/bgp/net';
import type { DaemonView } from '../daemon/daemon-view.ts';
import { html } from './html.ts';
import { type PageModel, renderPage } from './looking-glass-page.ts';
import { pageNumber, takePage } from './paging.ts';
import { inBatches } from './responses.ts';
import type { HttpRoute } from './router.ts';
import { routesOf } from './speaker-access.ts';

export const PEERS_PER_PAGE = 100;
export const ROUTES_PER_PAGE = 100;

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
};

export function lookingGlassRoutes(view: DaemonView): readonly HttpRoute[] {
  return [
    {
      method: 'GET',
      path: '/',
      handle: async ({ response, query }) => {
        const page = renderPage(await buildModel(view, query));
        response.writeHead(200, HEADERS);
        response.end(page.text);
      },
    },
  ];
}

async function buildModel(view: DaemonView, query: URLSearchParams): Promise<PageModel> {
  const search = (query.get('q') ?? '').trim();
  const found = readSearch(search);
  return {
    status: view.status(),
    search,
    searchError: found === null ? html`“${search}” is neither an address nor a prefix.` : null,
    peers: await takePage(
      inBatches(view.speaker?.peers() ?? [], PEERS_PER_PAGE),
      pageNumber(query.get('peers')),
      PEERS_PER_PAGE,
    ),
    routes:
      view.speaker === null || found === null
        ? null
        : await takePage(routesOf(view, found), pageNumber(query.get('routes')), ROUTES_PER_PAGE),
  };
}

/** A prefix is looked up exactly, with all its paths; an address by longest match. Null: neither. */
function readSearch(text: string): RouteQuery | null {
  if (text === '') return {};
  if (addressFamily(text) !== null) return { longest: canonicalAddress(text) ?? text };
  const prefix = canonicalPrefix(text);
  return prefix === null ? null : { prefix, all: true };
}
