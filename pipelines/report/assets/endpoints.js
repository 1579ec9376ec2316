// The data of the page, and the escaping of hostile text.

const element = (id) => document.getElementById(id);

// The same set as INVISIBLE in words.py: control characters and marks that reorder or hide text.
const INVISIBLE = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

const visible = (text) => text.replace(INVISIBLE, (mark) => '\\u' + mark.charCodeAt(0).toString(16).padStart(4, '0'));

const FOUND = {both: 'ML + session', ml: 'ML only', session: 'session only'};

function readEndpoints({columns, rows}) {
  return rows.map((row) => {
    const endpoint = {};
    columns.forEach((column, index) => { endpoint[column] = row[index]; });
    endpoint.found = endpoint.variants.length > 1 ? 'both' : endpoint.variants[0];
    endpoint.success = endpoint.requests ? endpoint.successful / endpoint.requests : null;
    // Host and path stand together, so that an address pasted from a browser or a log line is found.
    endpoint.text = [endpoint.method, endpoint.host + endpoint.path_template, endpoint.state].join(' ').toLowerCase();
    return endpoint;
  });
}

const table = JSON.parse(element('endpoints-data').textContent);
const fields = table.columns;
const endpoints = readEndpoints(table);

const grouped = new Intl.NumberFormat('en-US');
const number = (value) => grouped.format(value);
const counted = (value, noun) => `${number(value)} ${noun}${value === 1 ? '' : 's'}`;
const moment = (text) => text.slice(0, 16).replace('T', ' ');

function percent(share) {
  if (share === null) return '–';
  if (share > 0 && share < 0.001) return '< 0.1 %';
  if (share > 0.999 && share < 1) return '> 99.9 %';
  return `${(share * 100).toFixed(1).replace(/\.0$/, '')} %`;
}

function make(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
