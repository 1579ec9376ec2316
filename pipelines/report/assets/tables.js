// Makes the static tables of the page sortable. Runs last, when the other scripts are complete.

function cellValue(row, column) {
  const cell = row.cells[column];
  const text = cell.dataset.value ?? cell.textContent.trim();
  if (!cell.classList.contains('num')) return text;
  const value = Number(text.replaceAll(',', ''));
  return Number.isNaN(value) ? null : value;
}

function sortTable(sorted, column, descending) {
  const body = sorted.tBodies[0];
  const rows = [...body.rows].map((row) => ({row, value: cellValue(row, column)}));
  rows.sort(compare('value', descending));
  body.replaceChildren(...rows.map(({row}) => row));
}

function connectTable(sorted) {
  const heads = [...sorted.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = make('button', '', head.textContent);
    button.type = 'button';
    head.replaceChildren(button);
    button.addEventListener('click', () => {
      const firstDescending = head.classList.contains('num');
      const before = head.getAttribute('aria-sort');
      const descending = before ? before === 'ascending' : firstDescending;
      heads.forEach((other) => other.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
      sortTable(sorted, column, descending);
    });
  });
}

document.querySelectorAll('table[data-sortable]').forEach(connectTable);
if (element('inventory-app')) {
  connectInventory();
  connectExport();
}
