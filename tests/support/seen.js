// SPDX-License-Identifier: LGPL-2.1-or-later
// What of a page a person cannot use: controls without a name or out of view, text that is hard to read, pages too wide.
// viaSeen () is an array of findings, empty if all is well.
window.viaSeen = () => {
  const found = [];
  const name = (e) => `<${e.tagName.toLowerCase()}${e.id ? ` id=${e.id}` : ''}> ${e.textContent.trim().slice(0, 30)}`;
  const isShown = (e) => e.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const top = document.querySelector('dialog[open]') || document.body;

  const { scrollWidth, clientWidth } = document.documentElement; // a telephone's innerWidth grows with what is too wide
  const wide = scrollWidth - clientWidth;
  if (wide > 0) found.push(`the page is ${wide} pixels too wide`);

  const controls = [...top.querySelectorAll('a, button, select, input, meter, video, canvas, [role=img]')].filter(isShown);
  for (const e of controls) {
    const label = e.ariaLabel || (e.labels && [...e.labels].map((l) => l.textContent).join(' ')) || e.textContent;
    if (!label.trim()) found.push(`${name(e)} has no name`);
    const box = e.getBoundingClientRect();
    if (box.width && (box.left < -1 || box.right > clientWidth + 1)) found.push(`${name(e)} is cut off at a side`);
    if (e.matches('button') && (box.width < 36 || box.height < 36)) found.push(`${name(e)} is too small for a thumb: ${box.width}×${box.height}`);
  }
  // what one presses is in view without scrolling, if it is outside of what scrolls
  for (const e of top.querySelectorAll('footer button, .talk button')) {
    const box = e.getBoundingClientRect();
    if (isShown(e) && (box.top < 0 || box.bottom > innerHeight + 1)) found.push(`${name(e)} is below the fold`);
  }

  // WCAG 2.1 §1.4.3: the contrast of text, over backgrounds that are plain
  const parts = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((x) => x / 255).map((x) => (x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4))
    .reduce((sum, x, i) => sum + x * [0.2126, 0.7152, 0.0722][i], 0);
  function behind(e) {
    let cover = 0, out = [0, 0, 0];
    for (; e; e = e.parentElement) {
      const [r, g, b, a = 1] = parts(getComputedStyle(e).backgroundColor);
      out = out.map((x, i) => x + [r, g, b][i] * a * (1 - cover));
      cover += a * (1 - cover);
      if (cover > 0.99) return out;
    }
    return out.map((x) => x + 255 * (1 - cover));
  }
  const walker = document.createTreeWalker(top, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const e = node.parentElement;
    if (!node.textContent.trim() || !isShown(e) || e.closest('script, style, noscript, option, :disabled, .hidden-text')) continue;
    const box = e.getBoundingClientRect();
    if (box.width < 2 || box.height < 2) continue; // for screen readers
    const style = getComputedStyle(e), [a, b] = [light(parts(style.color)), light(behind(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05), isLarge = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) found.push(`${name(e)} is hard to read: ${ratio.toFixed(1)}:1`);
    if (e.scrollWidth > e.clientWidth + 1 && style.overflow !== 'visible' && style.textOverflow !== 'ellipsis' && e.clientWidth > 2) found.push(`${name(e)} is cut`);
  }
  return found;
};
