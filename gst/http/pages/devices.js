// SPDX-License-Identifier: LGPL-2.1-or-later
// devices.js – camera and microphone: what there is, what was chosen, and one kind without the other.
'use strict';
const viaDevices = (() => {
  const NONE = 'none'; // value of "No camera"
  const { mediaDevices } = navigator;

  // What @select says of a device; false: none of that kind.
  function chosen(select) {
    if (select.value === NONE) return false;
    return select.value ? { deviceId: { exact: select.value } } : {};
  }

  // A stream of what there is of @want, { video, audio } as of getUserMedia (): one kind missing does not stop the other.
  // @forget is called if a device that was chosen is gone.
  async function capture(want, forget) {
    const kinds = new Set((await mediaDevices.enumerateDevices()).map((d) => d.kind));
    const has = { video: kinds.has('videoinput') && want.video, audio: kinds.has('audioinput') && want.audio };
    if (!has.video && !has.audio) throw new DOMException('', 'NotFoundError');
    try {
      return await mediaDevices.getUserMedia(has);
    } catch (error) {
      if (error.name === 'OverconstrainedError') {
        forget();
        return mediaDevices.getUserMedia({ video: !!has.video, audio: !!has.audio });
      }
      if (!has.video || !has.audio || error.name === 'NotAllowedError') throw error;
      return mediaDevices.getUserMedia({ audio: has.audio })
        .catch(() => mediaDevices.getUserMedia({ video: has.video }))
        .catch(() => { throw error; });
    }
  }

  // @now: the track in use, or null; @isOff: none is wanted.
  function fill(select, devices, now, isOff, none) {
    const id = now && now.getSettings().deviceId;
    select.replaceChildren(...devices.map((d, i) => new Option(d.label || `${none.slice(3)} ${i + 1}`, d.deviceId)), new Option(none, NONE));
    select.value = isOff ? NONE : id;
    if (!select.value && devices.length) select.value = devices[0].deviceId;
    select.disabled = !devices.length;
  }

  const of = (all, kind) => all.filter((d) => d.kind === kind);
  const list = () => mediaDevices.enumerateDevices().then((all) => ({ video: of(all, 'videoinput'), audio: of(all, 'audioinput') }));

  function stop(stream) {
    if (stream) for (const t of stream.getTracks()) t.stop();
  }

  return { NONE, chosen, capture, fill, list, stop };
})();
