// SPDX-License-Identifier: LGPL-2.1-or-later
// Runs in a page before its own scripts: getUserMedia () gives the counter of
// counter.py (window.viaCamera = [width, height, fps]) and a 440 Hz tone.
(() => {
  const [width, height, fps] = window.viaCamera;

  const crc8 = (value) => {
    let crc = 0xff;
    for (const shift of [16, 8, 0]) {
      crc ^= (value >> shift) & 0xff;
      for (let i = 0; i < 8; i++)
        crc = ((crc << 1) ^ (crc & 0x80 ? 0x07 : 0)) & 0xff;
    }
    return crc;
  };

  function picture() {
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const ctx = canvas.getContext('2d', { alpha: false });
    let number = 0;
    const draw = () => {
      const x = number * 4 % width;
      ctx.fillStyle = '#555';
      ctx.fillRect(0, 0, width, height);
      ctx.fillStyle = '#999';
      ctx.fillRect(x, 0, width / 4, height);
      const word = [...Array(24).keys()].map((i) => number >> (23 - i) & 1)
        .concat([...Array(8).keys()].map((i) => crc8(number) >> (7 - i) & 1));
      word.forEach((bit, i) => {
        const left = Math.floor(i % 8 * width / 16), top = Math.floor((i >> 3) * height / 8);
        ctx.fillStyle = bit ? '#fff' : '#000';
        ctx.fillRect(left, top, Math.ceil(width / 16), Math.ceil(height / 8));
      });
      number++;
    };
    draw();
    const stream = canvas.captureStream(0), [track] = stream.getVideoTracks();
    const timer = setInterval(() => {
      if (track.readyState === 'ended') clearInterval(timer);
      draw();
      track.requestFrame();
    }, 1000 / fps);
    return track;
  }

  function tone() {
    const audio = new AudioContext(), out = audio.createMediaStreamDestination();
    const oscillator = audio.createOscillator(), gain = audio.createGain();
    oscillator.frequency.value = 440;
    gain.gain.value = 0.3;
    oscillator.connect(gain).connect(out);
    oscillator.start();
    return out.stream.getAudioTracks()[0];
  }

  navigator.mediaDevices.getUserMedia = async (want) => {
    window.viaWanted = want; // what the page asked for
    const stream = new MediaStream();
    if (want.video) stream.addTrack(picture());
    if (want.audio) stream.addTrack(tone());
    return stream;
  };
})();
