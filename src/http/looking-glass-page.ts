/** The looking glass as HTML: a pure function of what is to be shown. */
import type { PeerStatus, RouteStatus } from '@manul/bgp';
import type { StatusReport } from '../daemon/status-report.ts';
import { formatDuration } from '../output/duration.ts';
import { countsText, errorText, pathText } from '../output/text.ts';
import { type Html, html } from './html.ts';
import { STYLE } from './looking-glass-style.ts';
import type { Page } from './paging.ts';

export interface PageModel {
  readonly status: StatusReport;
  /** What the reader looked for, empty for nothing. */
  readonly search: string;
  readonly searchError: Html | null;
  readonly peers: Page<PeerStatus>;
  /** Null: no speaker in this process, or nothing to look for. */
  readonly routes: Page<RouteStatus> | null;
}

export function renderPage(model: PageModel): Html {
  const { status } = model;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${status.node} · Manul</title>
${STYLE}
</head>
<body>
<header>
<h1>${status.node}</h1>
<p>${summary(status)}</p>
<p class="links"><a href="/metrics">metrics</a> <a href="/api/v1/status">status</a> <a href="/api/v1/peers">peers</a> <a href="/api/v1/routes">routes</a> <a href="/api/v1/topology">topology</a></p>
</header>
<main>
<h2>Sessions</h2>
${peersTable(model.peers)}
${pager(model, 'peers', model.peers)}
<h2>Routes</h2>
<form method="get" action="/"><label>Prefix or address <input name="q" value="${model.search}" placeholder="10.244.0.0/26"></label> <button>Look up</button></form>
${routesPart(model)}
${errorsPart(status)}
</main>
</body>
</html>
`;
}

function summary(status: StatusReport): Html {
  const facts = [
    status.roles.join(' and '),
    status.asn === null ? null : `AS ${status.asn}`,
    status.routerId === null ? null : `router ID ${status.routerId}`,
    status.clusterId === null ? null : `reflector, cluster ${status.clusterId}`,
    `up ${formatDuration(status.uptimeSeconds)}`,
    status.kernel === null ? null : `kernel ${status.kernel.inSync ? 'in sync' : 'not in sync'}`,
  ].filter((fact) => fact !== null);
  const health = status.ready ? html`<b class="good">ready</b>` : html`<b class="bad">not ready</b>`;
  return html`${health} · ${facts.join(' · ')}`;
}

function peersTable(page: Page<PeerStatus>): Html {
  if (page.items.length === 0) return html`<p class="none">none</p>`;
  return html`<table>
<tr><th>Name<th>Address<th>AS<th>State<th>For<th>Received<th>Accepted<th>Advertised<th>Last error</tr>
${page.items.map(peerRow)}</table>`;
}

function peerRow(peer: PeerStatus): Html {
  const isUp = peer.state === 'Established';
  return html`<tr><td>${peer.name}${peer.routeReflectorClient ? html` <small>client</small>` : ''}<td>${peer.address}<td class="n">${peer.asn}<td class="${isUp ? 'good' : 'bad'}">${peer.state}<td>${isUp ? formatDuration(peer.uptimeSeconds) : ''}<td class="n">${countsText(peer.received)}<td class="n">${countsText(peer.accepted)}<td class="n">${countsText(peer.advertised)}<td>${peer.lastError === null ? '' : errorText(peer.lastError)}</tr>
`;
}

function routesPart(model: PageModel): Html {
  if (model.searchError !== null) return html`<p class="bad">${model.searchError}</p>`;
  if (model.routes === null) return html`<p class="none">this process has no speaker role</p>`;
  return html`${routesTable(model.routes)}${pager(model, 'routes', model.routes)}`;
}

function routesTable(page: Page<RouteStatus>): Html {
  if (page.items.length === 0) return html`<p class="none">none</p>`;
  return html`<table>
<tr><th>Prefix<th>Next hop<th>Best<th>Peer<th>AS path<th>Local pref<th>Communities<th>Originator</tr>
${page.items.map(routeRow)}</table>`;
}

function routeRow(route: RouteStatus): Html {
  const communities = [...route.communities, ...route.largeCommunities].join(' ');
  return html`<tr><td>${route.prefix}<td>${route.nextHop}<td>${route.best ? '✓' : ''}<td>${route.peer}<td>${pathText(route)}<td class="n">${route.localPref ?? ''}<td>${communities}<td>${route.originatorId ?? ''}</tr>
`;
}

function errorsPart(status: StatusReport): Html | '' {
  if (status.lastErrors.length === 0) return '';
  const rows = status.lastErrors.map(
    (error) => html`<tr><td>${error.at}<td>${error.object}<td>${error.text}</tr>\n`,
  );
  return html`<h2>Last errors</h2><table><tr><th>At<th>What<th>Why</tr>${rows}</table>`;
}

/** Links to the pages before and after; the other list stays where it is. */
function pager(model: PageModel, list: 'peers' | 'routes', page: Page<unknown>): Html | '' {
  if (page.number === 1 && !page.hasNext) return '';
  const target = (number: number): string => {
    const pages = { peers: model.peers.number, routes: model.routes?.number ?? 1, [list]: number };
    const query = new URLSearchParams({
      q: model.search,
      peers: `${pages.peers}`,
      routes: `${pages.routes}`,
    });
    return `/?${query}`;
  };
  const back = page.number > 1 ? html`<a href="${target(page.number - 1)}">previous</a>` : '';
  const on = page.hasNext ? html`<a href="${target(page.number + 1)}">next</a>` : '';
  return html`<p class="links">page ${page.number} ${back} ${on}</p>`;
}
