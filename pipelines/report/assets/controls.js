// The controls of the inventory: each action of the user changes the view.

function fillSelect(key, nameOf) {
  const counts = new Map();
  for (const endpoint of endpoints) counts.set(endpoint[key], (counts.get(endpoint[key]) ?? 0) + 1);
  const select = element(`filter-${key}`);
  select.append(new Option('All', ''));
  for (const value of [...counts.keys()].sort()) {
    select.append(new Option(`${nameOf(value)} (${number(counts.get(value))})`, value));
  }
}

function showView() {
  element('filter-q').value = view.q;
  for (const key of FILTERS) {
    const select = element(`filter-${key}`);
    select.value = view[key];
    if (select.selectedIndex < 0) { // a link from another report: that host is not here
      view[key] = '';
      select.value = '';
    }
  }
  sortEndpoints();
  filterEndpoints();
  showPage();
}

function turnPage(page) {
  changeView({page: String(page)});
  element('inventory').scrollIntoView();
}

function resetFilters() {
  changeView({...DEFAULTS, sort: view.sort});
  showView();
  element('filter-q').focus();
}

function connectPages() {
  const last = () => Math.ceil(matching.length / ROWS_PER_PAGE);
  element('page-first').addEventListener('click', () => turnPage(1));
  element('page-previous').addEventListener('click', () => turnPage(Number(view.page) - 1));
  element('page-next').addEventListener('click', () => turnPage(Number(view.page) + 1));
  element('page-last').addEventListener('click', () => turnPage(last()));
}

function connectFilters() {
  fillSelect('host', visible);
  fillSelect('method', visible);
  fillSelect('found', (found) => FOUND[found] ?? '–');
  fillSelect('state', visible);
  element('filter-q').addEventListener('input', (event) => changeView({q: event.target.value}));
  for (const key of FILTERS) {
    element(`filter-${key}`).addEventListener('change', (event) => changeView({[key]: event.target.value}));
  }
  element('filters').addEventListener('submit', (event) => event.preventDefault());
  element('filters').addEventListener('reset', (event) => { event.preventDefault(); resetFilters(); });
  element('inventory-none-reset').addEventListener('click', resetFilters);
}

function connectSorting() {
  for (const head of document.querySelectorAll('#inventory-table th')) {
    head.querySelector('button').addEventListener('click', () => {
      const {key, kind} = head.dataset;
      // The first click sorts numbers from the largest and text from A to Z; the next one reverses the order.
      const first = kind === 'number' ? `-${key}` : key;
      changeView({sort: view.sort === first ? (first === key ? `-${key}` : key) : first});
    });
  }
}

function connectInventory() {
  connectFilters();
  connectSorting();
  connectPages();
  addEventListener('hashchange', () => {
    if (!isView(location.hash)) return;
    view = parseAddress(location.hash);
    showView();
    element('inventory').scrollIntoView();
  });
  addEventListener('keydown', (event) => {
    const typing = event.target.closest?.('input, select, textarea');
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      element('filter-q').focus();
    }
  });
  addEventListener('beforeprint', showPaper);
  addEventListener('afterprint', showPage);
  view = parseAddress(isView(location.hash) ? location.hash : '');
  showView();
  element('inventory-app').hidden = false;
}
