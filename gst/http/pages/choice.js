// SPDX-License-Identifier: LGPL-2.1-or-later
// choice.js – of several that publish, whose picture and sound is watched: what the server's event "layers" lists, chosen by
// the WHEP layer extension.
'use strict';
const viaChoice = (() => {
  const select = document.getElementById('choice');

  class Choice {
    constructor(events, layer) {
      this.layer = layer;
      this.wanted = ''; // rid; none: the server's choice
      this.source = new EventSource(events);
      this.source.addEventListener('layers', (e) => this.fill(JSON.parse(e.data)));
      select.onchange = () => this.choose(select.value);
    }

    // One entry a publisher, whatever m-lines he is on.
    fill(media) {
      const all = new Map();
      for (const layers of Object.values(media)) for (const l of layers) if (!all.has(l.rid)) all.set(l.rid, l);
      if (!all.has(this.wanted)) this.wanted = '';
      const options = [['', 'Automatic'], ...[...all.values()].map((l) => [l.rid, l.appData || `Source ${l.rid}`])];
      const said = JSON.stringify(options);
      if (select.dataset.said !== said && document.activeElement !== select) {
        select.dataset.said = said;
        select.replaceChildren(...options.map(([value, name]) => new Option(name, value)));
        select.value = this.wanted;
      }
      select.hidden = all.size < 2;
    }

    async choose(rid) {
      this.wanted = rid;
      const response = await fetch(this.layer, {
        method: 'POST', headers: viaWish.withToken({ 'Content-Type': 'application/json' }), body: JSON.stringify(rid ? { rid } : {}),
      }).catch(() => null);
      if (response && response.ok) return;
      this.wanted = '';
      select.value = '';
    }

    stop() {
      this.source.close();
      select.hidden = true;
      select.dataset.said = '';
    }
  }

  return { Choice };
})();
