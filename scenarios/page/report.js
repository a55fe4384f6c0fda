// The page of one run. Data comes from #data, as scenarios/page/run_page.cc writes it; text goes in as text only.
// What is shown is one object, `view`, kept in the fragment; every change of it ends in draw().
'use strict';
window.addEventListener('error', event => { document.body.dataset.error = event.message; });

const data = JSON.parse(document.getElementById('data').textContent);
const SPAN = { lane: 0, track: 1, from: 2, to: 3, value: 4, shard: 5, epoch: 6, words: 7 };
const GUTTER = 128, RIGHT = 20, STRIP = 15, FAULT_ROW = 13, FAULT_ROWS = 5;
const ARROWS_MAX = 4000, ENTRIES_MAX = 400;
const SHARD_COLOURS = ['#3b6fb6', '#c4722e', '#3f8f5a', '#8a5fb0', '#b0515f', '#2f8f99', '#8d7a2b', '#6b7280', '#a4508b', '#4f7f2f'];
const KINDS = [
  { id: 'request', colour: '#4a78c9', label: 'vote asked' },
  { id: 'grant', colour: '#2e9b57', label: 'vote given' },
  { id: 'denial', colour: '#d23f3f', label: 'vote denied' },
  { id: 'fail', colour: '#9a7ab8', label: 'verdict of failure' },
  { id: 'manual', colour: '#c08a1e', label: 'failover by hand' },
  { id: 'fault', colour: '#e8833a', label: 'fault' },
  { id: 'role', colour: '#56616e', label: 'role' },
  { id: 'life', colour: '#20262d', label: 'life' },
  { id: 'reach', colour: '#d9a400', label: 'reach' },
  { id: 'log', colour: '#9fb0c2', label: 'log' },
  { id: 'check', colour: '#c62828', label: 'failing check' },
];
const colourOf = Object.fromEntries(KINDS.map(kind => [kind.id, kind.colour]));
const byId = id => document.getElementById(id);
const seconds = (t, digits = 6) => t.toFixed(digits) + ' s';

// ---- what is shown ----
const view = { zoom: [0, data.end], nodes: new Set(data.lanes.map((_, i) => i)), hidden: new Set(), find: '', byShard: false };

function readFragment() {
  for (const part of location.hash.slice(1).split('&')) {
    const [key, raw = ''] = part.split('=');
    let value = raw;
    try { value = decodeURIComponent(raw); } catch (_) { continue; }
    const list = value.split(',').filter(word => word !== '');
    if (key === 'zoom' && list.length === 2 && list.every(word => isFinite(word)) && +list[0] < +list[1]) view.zoom = list.map(Number);
    if (key === 'node') {
      const wanted = data.lanes.map((name, i) => i).filter(i => list.includes(data.lanes[i]) || list.includes(String(i)));
      if (wanted.length) view.nodes = new Set(wanted);
    }
    if (key === 'hide') view.hidden = new Set(list);
    if (key === 'find') view.find = value;
    if (key === 'order') view.byShard = value === 'shard';
  }
}

function writeFragment() {
  const parts = [];
  if (view.zoom[0] > 0 || view.zoom[1] < data.end) parts.push('zoom=' + view.zoom.map(t => +t.toFixed(6)).join(','));
  if (view.nodes.size < data.lanes.length) parts.push('node=' + [...view.nodes].map(i => encodeURIComponent(data.lanes[i])).join(','));
  if (view.hidden.size) parts.push('hide=' + [...view.hidden].map(encodeURIComponent).join(','));
  if (view.find) parts.push('find=' + encodeURIComponent(view.find));
  if (view.byShard) parts.push('order=shard');
  try { history.replaceState(null, '', '#' + parts.join('&')); } catch (_) { /* some browsers forbid it for files */ }
}

// By lane: the shard that it was first part of.
const firstShard = data.lanes.map((_, lane) => {
  const role = data.spans.find(span => span[0] === lane && span[1] === 1 && span[5] >= 0);
  return role ? role[5] : Infinity;
});
// Without a cluster there are roles only.
const hasEpochs = data.spans.some(span => span[1] === 1 && span[6] > 0);
const shows = kind => !view.hidden.has(kind);
const showsLane = lane => view.nodes.has(lane);

// ---- all entries of the run in one list, for the table and for jumps ----
function allEntries() {
  const entries = [];
  const add = (at, lane, kind, words, to = null) => entries.push({ at, lane, kind, words, to });
  for (const span of data.spans) {
    const [lane, track, from, , value, shard, epoch, words] = span;
    const more = words ? ', ' + words : '';
    if (track === 0) add(from, lane, 'life', value);
    if (track === 1) add(from, lane, 'role', !hasEpochs ? value : `${value}${shard >= 0 ? ' of shard ' + shard : ''}, epoch ${epoch}${more}`);
    if (track === 2) add(from, lane, 'role', value === 'ok' ? 'the cluster is up for it' : 'the cluster is down for it');
    if (track === 3 && (value !== 'all' || from > 0)) add(from, lane, 'reach', value === 'all' ? 'reaches everybody' : words);
  }
  for (const [kind, from, to, sent, arrived, words] of data.arrows) {
    const way = arrived === null ? ', which never came' : `, ${((arrived - sent) * 1000).toFixed(3)} ms on its way`;
    add(sent, from, kind, `to ${data.lanes[to]}: ${words}${way}`, to);
  }
  for (const [at, lane, kind, words] of data.events) add(at, kind === 'check' ? null : lane, kind, words);
  for (const fault of data.faults) {
    if (fault.fate === 'struck') add(fault.at, fault.lanes.length ? fault.lanes : null, 'fault', `${fault.kind}: ${fault.details || fault.doc}`);
  }
  return entries.sort((a, b) => a.at - b.at);
}
const entries = allEntries();
const lanesOf = entry => entry.lane === null ? [] : [].concat(entry.lane, entry.to === null ? [] : entry.to);

// ---- the picture ----
const shardColour = shard => shard < 0 ? '#8a949f' : SHARD_COLOURS[shard % SHARD_COLOURS.length];
const pale = colour => d3.interpolateRgb(colour, '#fff')(0.62);
let width, x, zoomer, laneHeight, tops, chart, axisSvg, layers, faultRows;

function stackFaults() {
  const ends = [];
  faultRows = data.faults.map(fault => {
    if (fault.fate !== 'struck') return -1;
    const end = fault.at + Math.max(fault.lasts, data.end / 90);
    let row = ends.findIndex(e => e <= fault.at);
    if (row < 0) row = ends.length < FAULT_ROWS ? ends.length : fault.at % 1 * FAULT_ROWS | 0;
    ends[row] = Math.max(ends[row] || 0, end);
    return row;
  });
  return ends.length;
}

function lay() {
  width = Math.max(480, document.documentElement.clientWidth);
  const shown = data.lanes.map((_, i) => i).filter(showsLane);
  if (view.byShard) shown.sort((a, b) => (firstShard[a] === firstShard[b] ? 0 : firstShard[a] - firstShard[b]) || a - b);
  laneHeight = shown.length <= 8 ? 46 : shown.length <= 14 ? 38 : 30;
  const services = data.services.length * STRIP;
  const rows = stackFaults();
  const faultsAt = services + 8;
  const lanesAt = faultsAt + (rows && shows('fault') ? rows * FAULT_ROW + 8 : 0);
  tops = new Map(shown.map((lane, row) => [lane, lanesAt + row * laneHeight]));
  const height = lanesAt + shown.length * laneHeight + 6;
  x = d3.scaleLinear().domain(view.zoom).range([GUTTER, width - RIGHT]);

  d3.select('#axis').selectAll('svg').remove();
  axisSvg = d3.select('#axis').append('svg').attr('width', width).attr('height', 24).append('g').attr('class', 'axis').attr('transform', 'translate(0,23)');
  d3.select('#chart').selectAll('svg').remove();
  chart = d3.select('#chart').append('svg').attr('width', width).attr('height', height);
  const defs = chart.append('defs');
  defs.append('clipPath').attr('id', 'plot').append('rect').attr('x', GUTTER).attr('y', 0).attr('width', width - GUTTER - RIGHT + 1).attr('height', height);
  hatch(defs, 'down', '#fff', '#aab2bb'); hatch(defs, 'paused', '#fdf3d7', '#e0b64a');
  for (const kind of KINDS) {
    defs.append('marker').attr('id', 'head-' + kind.id).attr('viewBox', '0 -4 8 8').attr('refX', 8).attr('markerWidth', 7).attr('markerHeight', 7)
      .attr('orient', 'auto').append('path').attr('d', 'M0,-4L8,0L0,4').attr('fill', kind.colour);
  }
  const labels = chart.append('g');
  data.services.forEach((service, i) => {
    labels.append('text').attr('class', 'note').attr('x', 14).attr('y', i * STRIP + 12).text(service.name);
  });
  if (rows && shows('fault')) labels.append('text').attr('class', 'note').attr('x', 14).attr('y', faultsAt + 10).text('faults');
  const lanes = chart.append('g').attr('class', 'lanes').selectAll('g').data(shown).enter().append('g').attr('class', 'lane')
    .attr('data-node', lane => data.lanes[lane]).attr('transform', lane => `translate(0,${tops.get(lane)})`);
  lanes.append('rect').attr('class', 'back').attr('width', width).attr('height', laneHeight);
  lanes.append('text').attr('class', 'name').attr('x', 14).attr('y', laneHeight / 2 + 4).text(lane => data.lanes[lane]);

  const plot = chart.append('g').attr('clip-path', 'url(#plot)');
  layers = {};
  for (const name of ['grid', 'bands', 'strips', 'faults', 'spans', 'epochs', 'dead', 'reach', 'logs', 'arrows', 'checks']) layers[name] = plot.append('g').attr('class', name);
  layers.faultsAt = faultsAt; layers.height = height;
  zoomer = d3.zoom().scaleExtent([1, Math.max(1, data.end / 1e-4)]).translateExtent([[GUTTER, 0], [width - RIGHT, 0]])
    .extent([[GUTTER, 0], [width - RIGHT, height]]).on('zoom', () => {
      const whole = d3.scaleLinear().domain([0, data.end]).range([GUTTER, width - RIGHT]);
      view.zoom = d3.event.transform.rescaleX(whole).domain();
      if (d3.event.sourceEvent) later(drawWindow);
    });
  chart.call(zoomer).on('dblclick.zoom', null);
  syncZoomer();
}

function hatch(defs, id, paper, ink) {
  const pattern = defs.append('pattern').attr('id', id).attr('width', 6).attr('height', 6).attr('patternUnits', 'userSpaceOnUse').attr('patternTransform', 'rotate(45)');
  pattern.append('rect').attr('width', 6).attr('height', 6).attr('fill', paper);
  pattern.append('line').attr('y2', 6).attr('stroke', ink).attr('stroke-width', 3);
}

// The zoom behaviour keeps a transform of its own.
function syncZoomer() {
  const k = data.end / (view.zoom[1] - view.zoom[0]);
  const inner = width - RIGHT - GUTTER;
  const tx = GUTTER - k * (GUTTER + view.zoom[0] / data.end * inner);
  chart.call(zoomer.transform, d3.zoomIdentity.translate(tx, 0).scale(k));
}

let waiting = null;
function later(work) {
  if (waiting !== null) return;
  waiting = requestAnimationFrame(() => { waiting = null; work(); });
}

const tip = byId('tip');
function tipOf(selection, words) {
  selection.on('mousemove', d => {
    tip.textContent = words(d); tip.hidden = false;
    const left = Math.min(d3.event.clientX + 14, window.innerWidth - tip.offsetWidth - 8);
    const under = d3.event.clientY + 18;
    tip.style.left = left + 'px';
    tip.style.top = (under + tip.offsetHeight > window.innerHeight ? d3.event.clientY - tip.offsetHeight - 10 : under) + 'px';
  }).on('mouseleave', () => { tip.hidden = true; });
}

// Shapes of one layer: the visible ones of `items`, as `tag`.
function put(layer, tag, items, attributes) {
  const all = layers[layer].selectAll(tag).data(items);
  all.exit().remove();
  const now = all.enter().append(tag).merge(all);
  for (const [name, value] of Object.entries(attributes)) now.attr(name, value);
  return now;
}

const overlaps = (from, to) => to >= view.zoom[0] && from <= view.zoom[1];
const boxX = from => Math.max(x(from), GUTTER - 2);
const boxWidth = (from, to, least) => Math.max(Math.min(x(to), width) - boxX(from), least);

function drawWindow() {
  x.domain(view.zoom);
  const span = view.zoom[1] - view.zoom[0];
  const digits = Math.max(0, Math.min(6, Math.ceil(-Math.log10(span / 20))));
  const ticks = Math.max(4, Math.floor((width - GUTTER) / 110));
  axisSvg.call(d3.axisTop(x).ticks(ticks).tickFormat(t => t.toFixed(digits) + ' s'));
  put('grid', 'line', x.ticks(ticks), { x1: x, x2: x, y1: 0, y2: layers.height });
  drawStrips(); drawFaults(); drawLanes(); drawLogs(); drawArrows(); drawChecks();
  byId('window').textContent = `${seconds(view.zoom[0], digits + 1)} to ${seconds(view.zoom[1], digits + 1)} of ${seconds(data.end, 1)}`;
  listEntries(); writeFragment();
}

// A cell is some bins, so that there are never more cells than pixels worth looking at.
function drawStrips() {
  const group = Math.max(1, Math.ceil((view.zoom[1] - view.zoom[0]) / data.bin / ((width - GUTTER) / 4)));
  const cells = [];
  data.services.forEach((service, row) => {
    const most = d3.max(service.answered) || 1;
    const first = Math.floor(Math.max(0, view.zoom[0]) / data.bin / group) * group;
    const last = Math.min(Math.max(service.answered.length, service.waiting.length), view.zoom[1] / data.bin + 1);
    for (let bin = first; bin < last; bin += group) {
      let answered = 0, waits = 0;
      for (let i = bin; i < bin + group; ++i) { answered += service.answered[i] || 0; waits += service.waiting[i] || 0; }
      if (answered + waits) cells.push({ row, bin, answered, waits, most: most * group });
    }
  });
  const colour = cell => {
    const share = cell.waits / (cell.answered + cell.waits);
    const calm = d3.interpolateRgb('#b9dfc4', '#2e8b57')(Math.min(1, cell.answered / cell.most));
    return cell.answered === 0 ? '#c62828' : share > 0.5 ? d3.interpolateRgb('#f2c14e', '#dd6b3d')(share * 2 - 1) : calm;
  };
  tipOf(put('strips', 'rect', cells, { x: cell => x(cell.bin * data.bin), y: cell => cell.row * STRIP + 2, height: STRIP - 3, fill: colour,
    width: cell => Math.max(1, x((cell.bin + group) * data.bin) - x(cell.bin * data.bin) + 0.3) }),
    cell => `${data.services[cell.row].name}, ${seconds(cell.bin * data.bin, 2)}: ${cell.answered} answered, ${cell.waits} waiting or lost`);
}

function faultWords(fault) {
  return `${seconds(fault.at)}  ${fault.kind}${fault.lasts ? ' for ' + seconds(fault.lasts, 3) : ''}\n${fault.doc}` +
    (fault.details ? '\n' + fault.details : '') + (fault.lanes.length ? '\nnodes: ' + fault.lanes.map(lane => data.lanes[lane]).join(', ') : '');
}

function drawFaults() {
  const on = shows('fault');
  const struck = data.faults.map((fault, i) => ({ fault, row: faultRows[i] }))
    .filter(({ fault, row }) => on && row >= 0 && overlaps(fault.at, fault.at + fault.lasts));
  const y = ({ row }) => layers.faultsAt + row * FAULT_ROW;
  tipOf(put('faults', 'rect', struck, { x: ({ fault }) => boxX(fault.at), y, rx: 2, height: FAULT_ROW - 3, fill: '#f9cda9', stroke: '#e8833a',
    width: ({ fault }) => boxWidth(fault.at, fault.at + fault.lasts, 3) }), ({ fault }) => faultWords(fault));
  put('faults', 'text', struck.filter(({ fault }) => boxWidth(fault.at, fault.at + fault.lasts, 3) > fault.kind.length * 6), { class: 'fault-name',
    x: ({ fault }) => boxX(fault.at) + 4, y: one => y(one) + 8.5 }).text(({ fault }) => fault.kind);
  const bands = [];
  for (const { fault } of struck) for (const lane of fault.lanes) if (showsLane(lane)) bands.push({ fault, lane });
  tipOf(put('bands', 'rect', bands, { x: band => boxX(band.fault.at), y: band => tops.get(band.lane), height: laneHeight, fill: '#e8833a', 'fill-opacity': 0.13,
    stroke: '#e8833a', 'stroke-opacity': 0.5, width: band => boxWidth(band.fault.at, band.fault.at + band.fault.lasts, 1.5) }), band => faultWords(band.fault));
}

// A lane's bar is its role while it lives; over it hatched what is not life; under it how far it reaches.
function drawLanes() {
  const top = 5, high = laneHeight - 16;
  const visible = data.spans.filter(span => showsLane(span[SPAN.lane]) && overlaps(span[SPAN.from], span[SPAN.to]));
  const roles = visible.filter(span => span[SPAN.track] === 1);
  const fill = span => span[SPAN.value] === 'primary' ? shardColour(span[SPAN.shard]) : span[SPAN.value] === 'replica' ? pale(shardColour(span[SPAN.shard])) : '#d5dae0';
  const dead = visible.filter(span => span[SPAN.track] === 0 && span[SPAN.value] !== 'up');
  const failed = visible.filter(span => span[SPAN.track] === 2 && span[SPAN.value] === 'fail');
  const dress = { down: 'url(#down)', paused: 'url(#paused)', starting: '#e6eaee' };
  const boxes = [...roles.map(span => ({ span, fill: fill(span), y: top, height: high })),
    ...failed.map(span => ({ span, fill: '#1d2733', y: top, height: 4 }))];
  const corpses = dead.map(span => ({ span, fill: dress[span[SPAN.value]] || '#e6eaee', y: top, height: high }));
  for (const [layer, some] of [['spans', boxes], ['dead', corpses]]) tipOf(put(layer, 'rect', some, { x: box => boxX(box.span[SPAN.from]), y: box => tops.get(box.span[SPAN.lane]) + box.y, height: box => box.height,
    width: box => boxWidth(box.span[SPAN.from], box.span[SPAN.to], 0.8), fill: box => box.fill, class: box => box.span[SPAN.value] }), box => spanWords(box.span));
  const wide = roles.filter(span => boxWidth(span[SPAN.from], span[SPAN.to], 0) > 26);
  put('epochs', 'text', wide, { class: span => 'epoch' + (span[SPAN.value] === 'primary' ? '' : ' pale'), x: span => boxX(span[SPAN.from]) + 5,
    y: span => tops.get(span[SPAN.lane]) + top + high / 2 + 4 })
    .text(span => !hasEpochs ? span[SPAN.value] : (boxWidth(span[SPAN.from], span[SPAN.to], 0) > 90 && span[SPAN.shard] >= 0 ? `shard ${span[SPAN.shard]} \u00b7 ` : '') + 'e' + span[SPAN.epoch]);
  const reach = shows('reach') ? visible.filter(span => span[SPAN.track] === 3 && span[SPAN.value] !== 'all') : [];
  const reachColour = { none: '#c62828', some: '#e0a100', slow: '#b9a97a' };
  tipOf(put('reach', 'rect', reach, { x: span => boxX(span[SPAN.from]), y: span => tops.get(span[SPAN.lane]) + laneHeight - 9, height: 5, class: span => span[SPAN.value],
    width: span => boxWidth(span[SPAN.from], span[SPAN.to], 1), fill: span => reachColour[span[SPAN.value]],
    'fill-opacity': span => span[SPAN.value] === 'some' ? 0.3 + 0.7 * Math.min(1, span[SPAN.epoch] / Math.max(1, data.lanes.length - 1)) : 1 }), spanWords);
}

function spanWords(span) {
  const [lane, track, from, to, value, shard, epoch, words] = span;
  const what = track === 1 && !hasEpochs ? value : track === 1 ? `${value}${shard >= 0 ? ' of shard ' + shard : ''}, config epoch ${epoch}` : track === 2 ? 'the cluster is down for it' : track === 3 ? 'reach' : value;
  return `${data.lanes[lane]}: ${what}${words ? '\n' + words : ''}\n${seconds(from)} to ${seconds(to)}`;
}

function drawLogs() {
  const lines = shows('log') ? data.events.filter(([at, lane, kind]) => kind === 'log' && showsLane(lane) && overlaps(at, at)) : [];
  tipOf(put('logs', 'rect', lines.slice(0, ARROWS_MAX), { x: ([at]) => x(at) - 0.7, y: ([, lane]) => tops.get(lane) + 1, width: 1.4, height: 4, fill: '#7d8da0' }),
    ([at, lane, , words]) => `${seconds(at)}  ${data.lanes[lane]} logs\n${words}`);
}

function drawArrows() {
  const middle = lane => tops.get(lane) + laneHeight / 2 - 3;
  const shown = data.arrows.filter(([kind, from, to, sent, arrived]) => shows(kind) && showsLane(from) && showsLane(to) &&
    overlaps(sent, arrived === null ? sent : arrived)).slice(0, ARROWS_MAX);
  // One that never comes ends half way.
  const path = ([, from, to, sent, arrived]) => {
    const x1 = x(sent), y1 = middle(from), y2 = middle(to);
    if (arrived === null) return `M${x1},${y1}L${x1 + 10},${y1 + (y2 - y1) / 2}`;
    const x2 = x(arrived), bend = Math.min(60, Math.abs(y2 - y1) / 4);
    return x2 - x1 > 30 ? `M${x1},${y1}L${x2},${y2}` : `M${x1},${y1}Q${(x1 + x2) / 2 + bend / 4},${(y1 + y2) / 2} ${x2},${y2}`;
  };
  tipOf(put('arrows', 'path', shown, { d: path, fill: 'none', stroke: ([kind]) => colourOf[kind], 'stroke-width': ([kind]) => kind === 'fail' ? (tops.size > 12 ? 0.6 : 0.9) : 1.4,
    'stroke-dasharray': arrow => arrow[4] === null ? '3,3' : null, class: ([kind]) => kind,
    'stroke-opacity': ([kind]) => kind === 'fail' ? (tops.size > 12 ? 0.35 : 0.55) : 0.9, 'marker-end': arrow => arrow[4] === null ? null : `url(#head-${arrow[0]})` }),
    ([, from, to, sent, arrived, words]) => `${data.lanes[from]} to ${data.lanes[to]}: ${words}\nsent ${seconds(sent)}` +
      (arrived === null ? ', never arrived' : `, arrived ${seconds(arrived)}`));
}

function drawChecks() {
  const failures = shows('check') ? data.events.filter(([at, , kind]) => kind === 'check' && overlaps(at, at)) : [];
  tipOf(put('checks', 'rect', failures, { x: ([at]) => Math.min(x(at), width - RIGHT - 2) - 1, y: 0, width: 2.5, height: layers.height, fill: '#c62828' }),
    ([at, , , words]) => `${seconds(at)}  a check fails\n${words}`);
}

// ---- tables ----
function row(body, cells, click) {
  const line = body.insertRow();
  for (const cell of cells) line.insertCell().textContent = cell;
  if (click) line.addEventListener('click', click);
  return line;
}

function listEntries() {
  const find = view.find.toLowerCase();
  const matches = entries.filter(entry => overlaps(entry.at, entry.at) && shows(entry.kind) && (entry.lane === null || lanesOf(entry).some(showsLane)) &&
    (!find || entry.words.toLowerCase().includes(find)));
  const body = document.querySelector('#entries tbody');
  body.textContent = '';
  for (const entry of matches.slice(0, ENTRIES_MAX)) {
    const who = entry.lane === null ? '' : [].concat(entry.lane).map(lane => data.lanes[lane]).join(', ');
    row(body, [seconds(entry.at), who, entry.kind, entry.words], () => goTo(entry.at)).classList.toggle('failed', entry.kind === 'check');
  }
  byId('found').textContent = matches.length > ENTRIES_MAX ? `${matches.length} entries, the first ${ENTRIES_MAX} are shown` : `${matches.length} entries`;
}

function listFaults() {
  const fates = { struck: 'struck', idle: 'found nothing to act upon', later: 'the run ended before' };
  for (const fault of data.faults) {
    row(document.querySelector('#faults tbody'), [seconds(fault.at), fault.kind, fault.lanes.map(lane => data.lanes[lane]).join(', '),
      fault.lasts ? seconds(fault.lasts, 3) : '', fault.details ? `${fault.doc} (${fault.details})` : fault.doc, fates[fault.fate]],
      () => goTo(fault.at, Math.max(fault.lasts * 1.3, 2))).classList.toggle('idle', fault.fate !== 'struck');
  }
  for (const check of data.checks) {
    row(document.querySelector('#checks tbody'), [check.name, check.examined, check.failures, check.message || check.doc])
      .classList.toggle('failed', check.failures > 0);
  }
}

// ---- controls ----
function setZoom(from, to) {
  const span = Math.min(Math.max(to - from, 1e-4), data.end);
  const begin = Math.min(Math.max(from, 0), data.end - span);
  view.zoom = [begin, begin + span];
  syncZoomer(); drawWindow();
}

function goTo(at, span = 0.4) {
  setZoom(at - span / 3, at + span * 2 / 3);
  byId('chart').scrollIntoView({ block: 'nearest' });
}

function zoomBy(factor) {
  const [from, to] = view.zoom, middle = (from + to) / 2, half = (to - from) / 2 * factor;
  setZoom(middle - half, middle + half);
}

function chip(parent, label, colour, on, toggle, only) {
  const button = document.createElement('button');
  button.type = 'button';
  if (colour) button.appendChild(document.createElement('i')).style.background = colour;
  button.appendChild(document.createTextNode(label));
  button.classList.toggle('off', !on);
  button.title = 'click: on or off; double click: only this';
  button.addEventListener('click', toggle); button.addEventListener('dblclick', only);
  parent.appendChild(button);
}

function drawChips() {
  const kinds = byId('kinds'), nodes = byId('nodes');
  kinds.textContent = nodes.textContent = '';
  const present = new Set(entries.map(entry => entry.kind));
  for (const kind of KINDS.filter(one => present.has(one.id))) {
    chip(kinds, kind.label, kind.colour, shows(kind.id),
      () => { if (!view.hidden.delete(kind.id)) view.hidden.add(kind.id); draw(); },
      () => { view.hidden = new Set(KINDS.map(one => one.id).filter(id => id !== kind.id)); draw(); });
  }
  data.lanes.forEach((name, lane) => chip(nodes, name, null, showsLane(lane),
    () => { if (view.nodes.has(lane)) { if (view.nodes.size > 1) view.nodes.delete(lane); } else view.nodes.add(lane); draw(); },
    () => { view.nodes = new Set([lane]); draw(); }));
  if (new Set(firstShard).size > 1) chip(nodes, 'shards together', null, view.byShard, () => { view.byShard = !view.byShard; draw(); }, () => {});
  if (data.lanes.length > 1) chip(nodes, 'all', null, true, () => { view.nodes = new Set(data.lanes.map((_, i) => i)); draw(); }, () => {});
}

// Elections are what their requests are close to.
function fillJumps() {
  const jump = byId('jump');
  const add = (label, from, to) => { const option = jump.appendChild(new Option(label)); option.value = `${from},${to}`; };
  add('go to ...', 0, data.end);
  for (const [at, , , words] of data.events.filter(([, , kind]) => kind === 'check').slice(0, 20)) add(`${seconds(at, 3)}  fails: ${words.slice(0, 60)}`, at - 1, at + 0.5);
  let election = null;
  const flush = () => { if (election) add(`${seconds(election.from, 3)}  election: ${[...election.who].map(i => data.lanes[i]).join(', ')}`, election.from - 0.05, Math.max(election.to, election.from + 0.05) + 0.05); };
  for (const [kind, from, , sent, arrived] of data.arrows) {
    if (!['request', 'grant', 'denial'].includes(kind)) continue;
    if (!election || sent > election.to + 0.5) { flush(); election = { from: sent, to: sent, who: new Set() }; }
    election.to = Math.max(election.to, arrived === null ? sent : arrived);
    if (kind === 'request') election.who.add(from);
  }
  flush();
  for (const fault of data.faults.filter(one => one.fate === 'struck').slice(0, 200)) add(`${seconds(fault.at, 3)}  fault: ${fault.kind}`, fault.at - 0.5, fault.at + Math.max(fault.lasts * 1.2, 1.5));
  jump.addEventListener('change', () => { setZoom(...jump.value.split(',').map(Number)); jump.selectedIndex = 0; });
}

function fillLegend() {
  const legend = byId('legend');
  const add = (label, style) => {
    const item = legend.appendChild(document.createElement('span'));
    const box = item.appendChild(document.createElement('i'));
    Object.assign(box.style, { display: 'inline-block', width: '18px', height: '10px', borderRadius: '2px' }, style);
    item.appendChild(document.createTextNode(label));
  };
  const stripes = (paper, ink) => ({ background: `repeating-linear-gradient(45deg, ${ink} 0 3px, ${paper} 3px 6px)` });
  add('primary (a colour a shard)', { background: SHARD_COLOURS[0] });
  add('replica of that shard', { background: pale(SHARD_COLOURS[0]) });
  add('without shard or slots', { background: '#d5dae0' });
  add('down', stripes('#fff', '#aab2bb')); add('stands still', stripes('#fdf3d7', '#e0b64a'));
  add('cluster down for it', { background: '#1d2733', height: '4px' });
  add('cut off from some', { background: '#e0a100', height: '5px' }); add('cut off from all', { background: '#c62828', height: '5px' });
  add('slow', { background: '#b9a97a', height: '5px' });
  add('clients answered', { background: '#2e8b57' }); add('many wait', { background: '#e8943f' }); add('nobody answered', { background: '#c62828' });
  if (hasEpochs) add('epoch: e7', { width: '0' });
}

function fillHeader() {
  document.title = `${data.story} ${data.seed}: ${data.passed ? 'passed' : data.check}`;
  byId('story').textContent = data.story; byId('seed').textContent = 'seed ' + data.seed;
  byId('verdict').textContent = data.passed ? 'passed' : 'fails ' + data.check;
  byId('verdict').classList.toggle('failed', !data.passed);
  byId('message').textContent = data.message; byId('message').hidden = data.passed;
  byId('command').textContent = data.command;
  byId('copy').addEventListener('click', () => navigator.clipboard && navigator.clipboard.writeText(data.command));
  document.querySelector('#drawn p').textContent = data.drawn;
  if (data.dropped) byId('found').title = `${data.dropped} more were not recorded`;
}

function draw() { lay(); drawChips(); drawWindow(); }

readFragment(); fillHeader(); fillJumps(); fillLegend(); listFaults();
byId('find').value = view.find;
byId('find').addEventListener('input', event => { view.find = event.target.value; later(() => { listEntries(); writeFragment(); }); });
byId('zoom-in').addEventListener('click', () => zoomBy(0.5)); byId('zoom-out').addEventListener('click', () => zoomBy(2));
byId('zoom-all').addEventListener('click', () => setZoom(0, data.end));
window.addEventListener('resize', () => later(draw));
window.addEventListener('hashchange', () => { readFragment(); draw(); });
draw();
document.body.dataset.ready = 'yes';
