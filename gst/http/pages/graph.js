// SPDX-License-Identifier: LGPL-2.1-or-later
// graph.js – one figure over the last two minutes, as a number and as a line on a canvas.
'use strict';
const viaGraph = (() => {
  const SPAN_S = 120;

  // 1, 2 or 5 times a power of ten, not below @most.
  function scale(most) {
    const ten = 10 ** Math.floor(Math.log10(most));
    return [1, 2, 5, 10].map((x) => x * ten).find((x) => x >= most) || 10 * ten;
  }

  class Graph {
    // @format: a number → what a person reads; @least: the scale is not finer.
    constructor(title, name, format, least) {
      Object.assign(this, { title, format, least, points: [] });
      this.element = document.createElement('figure');
      this.element.dataset.graph = name;
      const caption = document.createElement('figcaption');
      this.output = document.createElement('output');
      this.canvas = document.createElement('canvas');
      this.canvas.setAttribute('role', 'img');
      caption.append(document.createTextNode(`${title} `), this.output);
      this.element.append(caption, this.canvas);
    }

    // @value at @time, both in seconds as the server counts them; null: it is not known.
    add(time, value) {
      this.points.push([time, value]);
      while (this.points[0][0] < time - SPAN_S) this.points.shift();
      const is = value !== null, words = is ? this.format(value) : 'not known yet';
      if (is) this.output.dataset.value = value;
      else delete this.output.dataset.value;
      if (this.output.textContent !== words) this.output.textContent = words;
      this.draw(time);
    }

    draw(now) {
      const { width, height } = this.canvas.getBoundingClientRect(), ratio = devicePixelRatio;
      const style = getComputedStyle(document.documentElement), colour = (name) => style.getPropertyValue(name);
      const values = this.points.map(([, v]) => v).filter((v) => v !== null);
      const top = scale(Math.max(this.least, ...values)), ctx = this.canvas.getContext('2d');
      const x = (t) => width - (now - t) * width / SPAN_S, y = (v) => height - 1 - v / top * (height - 16);
      this.canvas.width = width * ratio;
      this.canvas.height = height * ratio;
      this.canvas.setAttribute('aria-label', values.length ? `${this.title} of the last two minutes: at most ${this.format(Math.max(...values))}` : `${this.title}: nothing yet`);
      ctx.scale(ratio, ratio);
      ctx.strokeStyle = colour('--line');
      for (const part of [0, 0.5, 1]) {
        ctx.beginPath();
        ctx.moveTo(0, Math.round(y(top * part)) + 0.5);
        ctx.lineTo(width, Math.round(y(top * part)) + 0.5);
        ctx.stroke();
      }
      ctx.fillStyle = colour('--soft');
      ctx.font = '12px system-ui, sans-serif';
      ctx.fillText(this.format(top), 2, 11);
      ctx.strokeStyle = colour('--accent');
      ctx.lineWidth = 2;
      ctx.lineJoin = 'round';
      ctx.beginPath();
      let isDown = false;
      for (const [t, v] of this.points) {
        if (v === null) isDown = false;
        else if (isDown) ctx.lineTo(x(t), y(v));
        else ctx.moveTo(x(t), y(v));
        isDown = v !== null;
      }
      ctx.stroke();
    }
  }

  return { Graph };
})();
