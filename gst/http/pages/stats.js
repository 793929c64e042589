// SPDX-License-Identifier: LGPL-2.1-or-later
// stats.js – what the server knows of one of its peers, looked at once a second in /PATH/peers: graphs and all figures.
'use strict';
(() => {
  const EVERY_MS = 1000;
  const ANSWER_MS = 5000;

  const $ = (id) => document.getElementById(id);
  const text = (element, value) => { if (element.textContent !== value) element.textContent = value; };
  const short = { connecting: 'Connecting', waiting: 'Nobody', live: 'Live', retrying: 'Reconnecting', error: 'Not available' };

  let address = new URL('peers', location.href);
  let chosen = new URLSearchParams(location.search).get('peer');
  let streams = new Map(); // of the chosen peer, by the id of their statistics
  let shown = null; // the peer they are of
  let timer = 0;
  let looking = 0; // counts calls of look (): only the last one goes on

  function show(state, headline, detail = '') {
    document.body.dataset.state = state;
    text($('short'), short[state]);
    text($('headline'), headline);
    text($('detail'), detail);
    $('said').hidden = state === 'live';
    $('retry').hidden = state !== 'retrying' && state !== 'error';
  }

  // --- one stream ---

  const kilobits = (v) => (v < 1e6 ? `${Math.round(v / 1e3)} kb/s` : `${(v / 1e6).toFixed(2)} Mb/s`);
  const percent = (v) => `${(v * 100).toFixed(v < 0.1 ? 1 : 0)} %`;
  const milliseconds = (v) => `${(v * 1e3).toFixed(v < 0.01 ? 1 : 0)} ms`;
  const perSecond = (v) => `${v.toFixed(v < 10 ? 1 : 0)} /s`;

  // What is drawn of a stream; each from its statistics now and before, the far end's report (or {}) and the seconds between.
  const rate = (name) => (now, old, far, s) => (old && s > 0 ? (now[name] - old[name]) / s : null);
  const known = (v) => (v === undefined ? null : v);
  const drawn = {
    'outbound-rtp': [
      ['Bitrate', 'bitrate', kilobits, 1e4, (now, old, far, s) => (old && s > 0 ? (now.bytesSent - old.bytesSent) * 8 / s : null)],
      ['Loss', 'loss', percent, 0.01, (now, old, far) => known(far.fractionLost)],
      ['Round trip', 'rtt', milliseconds, 0.005, (now, old, far) => known(far.roundTripTime)],
      ['Jitter', 'jitter', milliseconds, 0.005, (now, old, far) => known(far.jitter)],
      ['Frames', 'frames', perSecond, 10, rate('framesSent')],
    ],
    'inbound-rtp': [
      ['Bitrate', 'bitrate', kilobits, 1e4, (now, old, far, s) => (old && s > 0 ? (now.bytesReceived - old.bytesReceived) * 8 / s : null)],
      ['Loss', 'loss', percent, 0.01, (now, old) => lossBetween(now, old)],
      ['Jitter', 'jitter', milliseconds, 0.005, (now) => known(now.jitter)],
      ['Frames', 'frames', perSecond, 10, rate('framesReceived')],
    ],
  };

  function lossBetween(now, old) {
    if (!old) return null;
    const lost = now.packetsLost - old.packetsLost, all = now.packetsReceived - old.packetsReceived + lost;
    return all > 0 ? Math.max(0, lost / all) : null;
  }

  class Stream {
    constructor(stats) {
      this.element = document.createElement('section');
      this.title = document.createElement('h2');
      this.title.id = `title-${stats.id}`;
      this.element.setAttribute('aria-labelledby', this.title.id);
      this.element.dataset.stream = stats.id;
      const graphs = document.createElement('div');
      graphs.className = 'graphs';
      this.graphs = drawn[stats.type].filter(([, name]) => name !== 'frames' || stats.kind === 'video')
        .map(([title, name, format, least, of]) => ({ graph: new viaGraph.Graph(title, name, format, least), of }));
      graphs.append(...this.graphs.map(({ graph }) => graph.element));
      this.element.append(this.title, graphs);
      this.old = null;
    }

    take(stats, far, codec) {
      const seconds = this.old ? (stats.timestamp - this.old.timestamp) / 1000 : 0;
      if (this.old && seconds <= 0) return; // the same look
      const what = stats.type === 'outbound-rtp' ? 'Sent' : 'Received';
      text(this.title, `${what} ${stats.kind}${codec ? `, ${codec.mimeType.split('/')[1]}` : ''} (mid ${stats.mid})`);
      for (const { graph, of } of this.graphs) graph.add(stats.timestamp / 1000, of(stats, this.old, far, seconds));
      this.old = stats;
    }
  }

  // --- one peer ---

  function describe(peer) {
    const transport = peer.stats.find((s) => s.type === 'transport') || {};
    const words = { Role: peer.role, Name: peer.appData, Stream: peer.stream, State: transport.dtlsState, Path: transport.localCandidate && `${transport.localCandidate} ⇄ ${transport.remoteCandidate}`, Cipher: transport.srtpCipher };
    const list = Object.entries(words).filter(([, value]) => value);
    const said = JSON.stringify(list);
    if ($('about').dataset.said === said) return;
    $('about').dataset.said = said;
    $('about').replaceChildren(...list.map(([name, value]) => {
      const pair = document.createElement('div'), dt = document.createElement('dt'), dd = document.createElement('dd');
      dt.textContent = name;
      dd.textContent = value;
      pair.append(dt, dd);
      return pair;
    }));
  }

  function listFigures(peer) {
    $('all').hidden = false;
    if (!$('all').open) return;
    $('figures').replaceChildren(...peer.stats.flatMap((s) => Object.entries(s).filter(([name]) => name !== 'id').map(([name, value]) => {
      const row = document.createElement('tr');
      row.dataset.figure = `${s.id}.${name}`;
      for (const word of [s.id, name, value]) row.insertCell().textContent = word;
      return row;
    })));
  }

  function showPeer(peer) {
    if (shown !== peer.id) {
      streams = new Map();
      $('streams').replaceChildren();
      shown = peer.id;
    }
    describe(peer);
    for (const stats of peer.stats.filter((s) => drawn[s.type])) {
      if (!streams.has(stats.id)) {
        streams.set(stats.id, new Stream(stats));
        $('streams').append(streams.get(stats.id).element);
      }
      streams.get(stats.id).take(stats, peer.stats.find((s) => s.localId === stats.id) || {}, peer.stats.find((s) => s.id === stats.codecId));
    }
    listFigures(peer);
    if (streams.size) show('live', 'Live');
    else show('waiting', 'Nothing flows to or from this peer yet.');
  }

  function listPeers(peers) {
    const named = (p) => [p.id, p.role, p.appData].filter(Boolean).join(', ');
    const said = peers.map(named).join('\n');
    $('choice').hidden = !peers.length;
    if ($('peer').dataset.said === said) return;
    $('peer').dataset.said = said;
    $('peer').replaceChildren(...peers.map((p) => new Option(named(p), p.id)));
  }

  function take(peers) {
    const peer = peers.find((p) => p.id === chosen) || peers[0];
    listPeers(peers);
    text($('facts'), peers.length === 1 ? '1 peer' : `${peers.length} peers`);
    if (!peer) {
      shown = null;
      $('streams').replaceChildren();
      $('about').replaceChildren();
      delete $('about').dataset.said;
      $('all').hidden = true;
      show('waiting', 'Nobody is connected.', 'Who comes appears here by itself.');
      return;
    }
    $('peer').value = peer.id;
    showPeer(peer);
  }

  // --- the server ---

  const retry = new viaPage.Retry(look, (headline, detail) => show('retrying', headline, detail));

  async function ask() {
    const options = { headers: viaWish.withToken({}), cache: 'no-store', signal: AbortSignal.timeout(ANSWER_MS) };
    let response = await fetch(address, options);
    if (response.status === 404) { // this page stands below a stream's name
      const above = new URL('../peers', location.href);
      response = await fetch(above, options);
      if (response.ok) address = above;
    }
    if (!response.ok) throw await viaWish.refusalOf(response);
    return (await response.json()).peers;
  }

  async function look() {
    const turn = ++looking;
    clearTimeout(timer);
    retry.stop();
    try {
      const peers = await ask();
      if (turn !== looking) return;
      take(peers);
      retry.succeeded();
      timer = setTimeout(look, EVERY_MS);
    } catch (error) {
      if (turn !== looking) return;
      const why = viaPage.why(error, 'stats');
      if (why.isAgain) retry.later(why.headline, why.after);
      else show('error', why.headline, why.detail);
    }
  }

  $('peer').addEventListener('change', () => {
    const url = new URL(location.href);
    chosen = $('peer').value;
    url.searchParams.set('peer', chosen);
    history.replaceState(null, '', url);
    look();
  });
  $('all').addEventListener('toggle', look);
  $('retry').addEventListener('click', look);
  addEventListener('online', look);
  addEventListener('pagehide', () => {
    looking++;
    clearTimeout(timer);
    retry.stop();
  });
  addEventListener('pageshow', (e) => e.persisted && look());
  look();
})();
