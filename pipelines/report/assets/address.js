// The search and filters, kept in the address after `#`, so that a view can be shared as a link.

const DEFAULTS = {q: '', host: '', method: '', found: '', state: '', sort: '-requests', page: '1'};
const SORT_KEYS = ['method', 'host', 'path_template', 'found', 'requests', 'success', 'clients', 'probability', 'last_seen', 'state'];

function parseAddress(hash) {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  const view = {...DEFAULTS};
  for (const key of Object.keys(DEFAULTS)) {
    if (given.has(key)) view[key] = given.get(key);
  }
  if (!SORT_KEYS.includes(view.sort.replace(/^-/, ''))) view.sort = DEFAULTS.sort;
  if (!/^[1-9]\d{0,6}$/.test(view.page)) view.page = DEFAULTS.page;
  return view;
}

function formatAddress(view) {
  const kept = new URLSearchParams();
  for (const [key, value] of Object.entries(view)) {
    if (value !== DEFAULTS[key]) kept.set(key, value);
  }
  return kept.toString();
}

// A link to a section (`#quality`) is not a view: it has no `=`.
const isView = (hash) => hash.includes('=');

function writeAddress(view) {
  const text = formatAddress(view);
  if (text || isView(location.hash)) history.replaceState(null, '', `#${text}`);
}
