// Exports all filtered rows to a file or the clipboard. Nothing leaves the browser.

function exported(endpoint) {
  return Object.fromEntries(fields.map((field) => [field, endpoint[field]]));
}

const ndjson = () => matching.map((endpoint) => `${JSON.stringify(exported(endpoint))}\n`).join('');

function csvCell(value) {
  const text = value === null ? '' : Array.isArray(value) ? value.join(' ') : String(value);
  // A spreadsheet would run a host named "=cmd()" as a formula: an apostrophe makes it text.
  const safe = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const csv = () => [fields, ...matching.map((endpoint) => fields.map((field) => endpoint[field]))]
  .map((row) => `${row.map(csvCell).join(',')}\r\n`).join('');

function download(name, type, text) {
  const link = make('a');
  link.href = URL.createObjectURL(new Blob([text], {type}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function copyNdjson(event) {
  const button = event.target;
  try {
    await navigator.clipboard.writeText(ndjson());
    button.textContent = 'Copied';
  } catch {
    button.textContent = 'No clipboard: download';
  }
  setTimeout(() => { button.textContent = 'Copy NDJSON'; }, 2000);
}

function connectExport() {
  element('copy-ndjson').addEventListener('click', copyNdjson);
  element('download-ndjson').addEventListener('click', () => download('endpoints.ndjson', 'application/x-ndjson', ndjson()));
  element('download-csv').addEventListener('click', () => download('endpoints.csv', 'text/csv', csv()));
}
