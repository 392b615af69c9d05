/** The style of the looking glass; follows the reader's choice of light or dark. */
import { Html } from './html.ts';

export const STYLE = new Html(`<style>
:root { color-scheme: light dark; --line: light-dark(#ddd, #444); --soft: light-dark(#666, #aaa); }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0 auto; max-width: 80rem; padding: 1rem 1.5rem 3rem; }
h1 { font-size: 1.5rem; margin: 0.5rem 0 0; }
h2 { font-size: 1.1rem; margin: 2rem 0 0.5rem; }
p { margin: 0.3rem 0; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th { color: var(--soft); font-weight: 500; text-align: left; }
th, td { border-bottom: 1px solid var(--line); padding: 0.25rem 0.9rem 0.25rem 0; vertical-align: top; }
td { font-variant-numeric: tabular-nums; }
td.n { text-align: right; }
.links a { margin-right: 0.8rem; }
.none, small { color: var(--soft); }
.good { color: light-dark(#0a7a32, #5fd38a); }
.bad { color: light-dark(#b3261e, #ff8a80); }
input { font: inherit; padding: 0.2rem 0.4rem; width: 18rem; }
button { font: inherit; padding: 0.2rem 0.7rem; }
form { margin-bottom: 0.7rem; }
</style>`);
