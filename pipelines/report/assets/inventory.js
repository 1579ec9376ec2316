// The inventory: filter, sort, page, details. At most one page of rows is in the document, so 20,000 stay quick.

const ROWS_PER_PAGE = 50;
// When printing, all filtered rows are shown, up to a reasonable number for a printer.
const ROWS_ON_PAPER = 2000;
const KNOWN_METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];
const FILTERS = ['host', 'method', 'found', 'state'];

let view = {...DEFAULTS};
let ordered = endpoints;
let matching = endpoints;
const open = new Set();

function compare(key, descending) {
  const sign = descending ? -1 : 1;
  return (left, right) => {
    const a = left[key], b = right[key];
    if (a === b) return 0;
    if (a === null) return 1; // unknown values come last in either direction
    if (b === null) return -1;
    return a < b ? -sign : sign;
  };
}

function sortEndpoints() {
  const key = view.sort.replace(/^-/, '');
  ordered = [...endpoints].sort(compare(key, view.sort.startsWith('-')));
  for (const head of document.querySelectorAll('#inventory-table th')) {
    if (head.dataset.key === key) head.setAttribute('aria-sort', view.sort.startsWith('-') ? 'descending' : 'ascending');
    else head.removeAttribute('aria-sort');
  }
}

function filterEndpoints() {
  const terms = view.q.toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = FILTERS.filter((key) => view[key] !== '');
  matching = ordered.filter((endpoint) =>
    wanted.every((key) => endpoint[key] === view[key]) && terms.every((term) => endpoint.text.includes(term)));
}

// A long path breaks after a slash where it can.
function appendBreakable(parent, text) {
  text.split(/(?<=\/)/).forEach((piece) => parent.append(piece, piece.endsWith('/') ? make('wbr') : ''));
}

function pathCell(endpoint, row) {
  const cell = make('td', 'col-path_template');
  const toggle = make('button', 'toggle');
  toggle.type = 'button';
  toggle.setAttribute('aria-expanded', String(open.has(endpoint)));
  const path = make('bdi', 'mono');
  // "/users/{userId}": variables are highlighted.
  for (const part of visible(endpoint.path_template).split(/(\{[^{}]*\})/)) {
    if (part.startsWith('{')) path.append(make('span', 'variable', part));
    else appendBreakable(path, part);
  }
  toggle.append(path);
  cell.append(toggle, make('bdi', 'mono host-below', visible(endpoint.host)));
  row.addEventListener('click', () => { if (!getSelection().toString()) toggleDetails(endpoint, row, toggle); });
  return cell;
}

function methodBadge(method) {
  const known = KNOWN_METHODS.includes(method) ? method.toLowerCase() : 'other';
  return make('span', `badge method-${known}`, visible(method));
}

function foundBadge(found) {
  const badge = make('span', 'found');
  if (found !== 'session') badge.append(make('span', 'key key-ml'));
  if (found !== 'ml') badge.append(make('span', 'key key-session'));
  badge.append(FOUND[found] ?? '–');
  return badge;
}

function endpointRow(endpoint) {
  const row = make('tr', 'endpoint');
  const cell = (key, content, numeric) => {
    const made = make('td', `col-${key}${numeric ? ' num' : ''}`);
    made.append(content);
    row.append(made);
  };
  cell('method', methodBadge(endpoint.method));
  cell('host', make('bdi', 'mono', visible(endpoint.host)));
  row.append(pathCell(endpoint, row));
  cell('found', foundBadge(endpoint.found));
  cell('requests', number(endpoint.requests), true);
  cell('success', percent(endpoint.success), true);
  cell('clients', number(endpoint.clients), true);
  cell('probability', endpoint.probability === null ? '–' : endpoint.probability.toFixed(3), true);
  cell('last_seen', moment(endpoint.last_seen), true);
  cell('state', make('span', 'state', visible(endpoint.state)));
  return row;
}

function detailRow(endpoint) {
  const row = make('tr', 'detail');
  const cell = make('td');
  cell.colSpan = document.querySelectorAll('#inventory-table th').length;
  const list = make('dl');
  const facts = [
    ['Method', visible(endpoint.method)], ['Host', visible(endpoint.host)], ['Path template', visible(endpoint.path_template)],
    ['Found by', FOUND[endpoint.found] ?? '–'], ['State', visible(endpoint.state)],
    ['Requests', number(endpoint.requests)],
    ['Successful', `${number(endpoint.successful)} (${percent(endpoint.success)})`],
    ['Distinct clients', number(endpoint.clients)],
    ['Probability of an API', endpoint.probability === null ? 'not selected by ML' : String(Number(endpoint.probability.toFixed(6)))],
    ['How clients agree', endpoint.spread || '–'], ['Why', endpoint.why || '–'],
    ['Parameters learned', number(endpoint.parameters)],
    ['First seen', `${endpoint.first_seen.replace(/[TZ]/g, ' ')}UTC`], ['Last seen', `${endpoint.last_seen.replace(/[TZ]/g, ' ')}UTC`],
  ];
  for (const [label, value] of facts) {
    const pair = make('div');
    pair.append(make('dt', '', label), make('dd', '', value));
    list.append(pair);
  }
  cell.append(list);
  row.append(cell);
  return row;
}

function toggleDetails(endpoint, row, toggle) {
  if (open.delete(endpoint)) row.nextElementSibling.remove();
  else {
    open.add(endpoint);
    row.after(detailRow(endpoint));
  }
  toggle.setAttribute('aria-expanded', String(open.has(endpoint)));
}

function showRows(from, to) {
  const rows = document.createDocumentFragment();
  for (const endpoint of matching.slice(from, to)) {
    rows.append(endpointRow(endpoint));
    if (open.has(endpoint)) rows.append(detailRow(endpoint));
  }
  element('inventory-rows').replaceChildren(rows);
}

function showPaper() {
  const to = Math.min(ROWS_ON_PAPER, matching.length);
  showRows(0, to);
  element('inventory-count').textContent = `${number(to)} of ${counted(matching.length, 'endpoint')}`;
}

function showPage() {
  const pages = Math.max(1, Math.ceil(matching.length / ROWS_PER_PAGE));
  const page = Math.min(Number(view.page), pages);
  view.page = String(page);
  const from = (page - 1) * ROWS_PER_PAGE;
  const to = Math.min(from + ROWS_PER_PAGE, matching.length);
  showRows(from, to);
  const range = pages > 1 ? `${number(from + 1)}–${number(to)} of ` : '';
  const verb = matching.length === 1 ? 'matches' : 'match';
  const whole = matching.length < endpoints.length ? ` that ${verb}, out of ${number(endpoints.length)}` : '';
  element('inventory-count').textContent = `${range}${counted(matching.length, 'endpoint')}${whole}`;
  element('inventory-none').hidden = matching.length > 0;
  element('inventory-table').hidden = matching.length === 0;
  element('pager').hidden = pages === 1;
  element('page-label').textContent = `Page ${number(page)} of ${number(pages)}`;
  element('page-first').disabled = element('page-previous').disabled = page === 1;
  element('page-last').disabled = element('page-next').disabled = page === pages;
  for (const id of ['copy-ndjson', 'download-ndjson', 'download-csv']) element(id).disabled = matching.length === 0;
}

// `change` holds the changed keys of the view; a new filter or order starts at the first page.
function changeView(change) {
  view = {...view, page: '1', ...change};
  if ('sort' in change) sortEndpoints();
  filterEndpoints();
  showPage();
  writeAddress(view);
}
