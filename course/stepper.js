// Transposed convolution, one window at a time: a stepper without library, network or kernel.
//
// The first half is arithmetic and words: pure functions of a plain state
//   {x: rows of whole numbers, kernel: rows of whole numbers, stride, padding: "valid" | "same"}
// that the tests compare with Keras. The second half puts them on the screen. `course/stepper.py`
// wraps this file in a function of its own, so that two steppers on a page share no name, and
// leaves out indentation and lines of comment: no string here goes over more than one line.

// ---- Arithmetic -----------------------------------------------------------------------------

const MOST = {side: 5, stride: 4, number: 99};

// One direction, rows or columns. The canvas is what "valid" returns; "same" cuts it down to
// stride * size, half of the cut (rounded down) before and the rest after, as Keras does.
function direction(size, kernel, stride, padding) {
  const canvas = stride * (size - 1) + Math.max(kernel, stride);
  const length = padding === "same" ? stride * size : canvas;
  const before = Math.floor((canvas - length) / 2);
  return {size, kernel, stride, padding, canvas, length, before, after: canvas - length - before};
}

function geometry({x, kernel, stride, padding}) {
  return {
    rows: direction(x.length, kernel.length, stride, padding),
    columns: direction(x[0].length, kernel[0].length, stride, padding),
  };
}

// The window of the input value at `index`, counted row by row from 0; both ends are included.
function windowAt({x, kernel, stride}, index) {
  const i = Math.floor(index / x[0].length), j = index % x[0].length;
  return {
    i, j,
    rows: [i * stride, i * stride + kernel.length - 1],
    columns: [j * stride, j * stride + kernel[0].length - 1],
  };
}

// What the input value at `index` pastes: itself times the whole kernel, not rotated.
function product({x, kernel}, index) {
  const value = x.flat()[index];
  return kernel.map(row => row.map(weight => value * weight + 0)); // + 0 turns -0 into 0
}

// The canvas after the first `steps` windows, and how many of them reached each cell.
function total(state, steps) {
  const {rows, columns} = geometry(state);
  const empty = () => Array.from({length: rows.canvas}, () => Array(columns.canvas).fill(0));
  const sum = empty(), count = empty();
  for (let index = 0; index < steps; index++) {
    const at = windowAt(state, index);
    product(state, index).forEach((row, r) => row.forEach((value, c) => {
      sum[at.rows[0] + r][at.columns[0] + c] += value;
      count[at.rows[0] + r][at.columns[0] + c] += 1;
    }));
  }
  return {sum, count};
}

// The cells where the newest of `steps` windows meets an earlier one: old + added = sum.
function additions(state, steps) {
  if (steps === 0) return [];
  const old = total(state, steps - 1), at = windowAt(state, steps - 1);
  return product(state, steps - 1).flatMap((row, r) => row.map((added, c) => {
    const row = at.rows[0] + r, column = at.columns[0] + c, before = old.sum[row][column];
    return {row, column, old: before, added, sum: before + added, count: old.count[row][column]};
  })).filter(cell => cell.count > 0);
}

function isCut(along, at) {
  return at < along.before || at >= along.before + along.length;
}

// What the layer returns: the canvas less what "same" cuts away.
function output(state) {
  const {rows, columns} = geometry(state);
  return total(state, state.x.flat().length).sum
    .filter((_, row) => !isCut(rows, row))
    .map(row => row.filter((_, column) => !isCut(columns, column)));
}

// ---- Words ----------------------------------------------------------------------------------

// Every number on the screen, with a true minus sign.
function show(number) {
  return String(number).replace("-", "−");
}

// A number as the second one of a sum or a product.
function bracketed(number) {
  return number < 0 ? `(${show(number)})` : show(number);
}

// [0, 1, 2, 5] -> "0…2, 5"
function ranges(numbers) {
  const runs = [];
  for (const n of numbers) {
    const last = runs[runs.length - 1];
    if (last && last[1] === n - 1) last[1] = n;
    else runs.push([n, n]);
  }
  return runs.map(([a, b]) => (a === b ? `${a}` : `${a}…${b}`)).join(", ");
}

// ("row", [2, 3, 4]) -> "rows 2…4"
function named(name, numbers) {
  return `${name}${numbers.length === 1 ? "" : "s"} ${ranges(numbers)}`;
}

function between([first, last]) {
  return Array.from({length: last - first + 1}, (_, i) => first + i);
}

function cutAway(along) {
  return between([0, along.canvas - 1]).filter(at => isCut(along, at));
}

// What no window reaches: there is some only where the kernel is smaller than the stride.
function gaps({size, kernel, stride, canvas}) {
  const reaches = (i, at) => at >= i * stride && at < i * stride + kernel;
  const inputs = between([0, size - 1]);
  return between([0, canvas - 1]).filter(at => !inputs.some(i => reaches(i, at)));
}

// ("row", [8], "column", [8]) -> "row 8 and column 8"; "" where both lists are empty.
function rowsAndColumns(rows, columns, and = "and") {
  const words = [];
  if (rows.length) words.push(named("row", rows));
  if (columns.length) words.push(named("column", columns));
  return words.join(` ${and} `);
}

function capital(words) {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

// "Row 8 and column 8 are cut away." or why nothing is.
function cutWords(state) {
  const {rows, columns} = geometry(state);
  const cut = [cutAway(rows), cutAway(columns)];
  if (state.padding === "valid") return "Padding “valid” keeps the whole canvas.";
  if (!cut.flat().length) return "Padding “same” has nothing to cut away here: k ≤ s.";
  const are = cut.flat().length > 1 ? "are" : "is";
  return `${capital(rowsAndColumns(...cut))} ${are} cut away.`;
}

function gapWords(state) {
  const {rows, columns} = geometry(state);
  const words = rowsAndColumns(gaps(rows), gaps(columns), "or");
  return words ? `No window reaches ${words}: k < s, and these stay 0.` : "";
}

// The window's place along one direction: "rows 1·2 … 1·2 + 3 − 1 = 2…4".
function placeWords(name, at, {stride, kernel}) {
  const start = `${at}·${stride}`, window = [at * stride, at * stride + kernel - 1];
  return `${name}s ${start} … ${start} + ${kernel} − 1 = ${ranges(between(window))}`;
}

// The size along one direction: "N = s(M − 1) + max(k, s) = 2·(3 − 1) + max(3, 2) = 7".
function sizeWords({size, kernel, stride, padding, canvas, length}) {
  if (padding === "same") return `N = s·M = ${stride}·${size} = ${length}`;
  const numbers = `${stride}·(${size} − 1) + max(${kernel}, ${stride})`;
  return `N = s(M − 1) + max(k, s) = ${numbers} = ${canvas}`;
}

// Both directions; one line where they are alike.
function formulaWords(state) {
  const {rows, columns} = geometry(state);
  const lines = along => along.padding === "valid" ? [sizeWords(along)] : [
    sizeWords(along),
    `canvas: ${sizeWords({...along, padding: "valid"}).slice(4)}; ` +
      `cut: ${along.canvas} − ${along.length} = ${along.canvas - along.length}, ` +
      `${along.before} before and ${along.after} after`,
  ];
  if (JSON.stringify(rows) === JSON.stringify(columns)) return lines(rows);
  return [...lines(rows).map(l => `rows: ${l}`), ...lines(columns).map(l => `columns: ${l}`)];
}

// The newest window in pieces that no line break should split.
function stepWords(state, steps) {
  const {rows, columns} = geometry(state);
  if (steps === 0) {
    return ["Nothing is pasted yet:", `the canvas is ${rows.canvas} × ${columns.canvas} zeros.`];
  }
  const at = windowAt(state, steps - 1);
  return [`input (${at.i}, ${at.j}):`, `${named("row", between(at.rows))},`,
    named("column", between(at.columns))];
}

// The most characters that a number on the canvas takes at any step.
function longest({x, kernel, stride}) {
  const positive = rows => rows.map(row => row.map(Math.abs));
  const state = {x: positive(x), kernel: positive(kernel), stride, padding: "valid"};
  const most = Math.max(...total(state, x.flat().length).sum.flat());
  return String(most).length + [x, kernel].flat(2).some(value => value < 0);
}

// The same layer in Keras, as code that prints the final numbers.
function kerasCode({x, kernel, stride, padding}) {
  const list = rows => `[${rows.map(row => `[${row.join(", ")}]`).join(", ")}]`;
  return [
    "import keras",
    "import numpy as np",
    "",
    `x = np.array(${list(x)}, "float32")`,
    `kernel = np.array(${list(kernel)}, "float32")`,
    "layer = keras.layers.Conv2DTranspose(",
    `    1, kernel.shape, strides=${stride}, padding="${padding}", use_bias=False`,
    ")",
    "layer.build((1, *x.shape, 1))",
    "layer.set_weights([kernel[:, :, None, None]])",
    "y = layer(x[None, :, :, None])",
    "print(np.array(y)[0, :, :, 0].astype(int))",
    "",
  ].join("\n");
}

// ---- Numbers that come from outside ---------------------------------------------------------

// "−7" or "-7" -> -7; null for what is no whole number of at most two digits.
function parseNumber(text) {
  const trimmed = text.trim().replace("−", "-");
  return /^[-+]?\d{1,2}$/.test(trimmed) ? Number(trimmed) + 0 : null;
}

// The state and the step as the part of an address behind "#", and back; null if it is broken.
function toAddress(state, steps) {
  const list = rows => rows.map(row => row.join(",")).join(";");
  return `x=${list(state.x)}&k=${list(state.kernel)}&s=${state.stride}` +
    `&p=${state.padding}&t=${steps}`;
}

function fromAddress(text) {
  const parts = new Map(text.replace(/^#/, "").split("&").map(part => part.split("=")));
  const list = name => (parts.get(name) || "").split(";").map(r => r.split(",").map(parseNumber));
  const whole = name => (/^\d{1,2}$/.test(parts.get(name)) ? Number(parts.get(name)) : NaN);
  const fits = rows => rows.length <= MOST.side && rows[0].length <= MOST.side &&
    rows.every(row => row.length === rows[0].length && row.every(value => value !== null));
  const state = {x: list("x"), kernel: list("k"), stride: whole("s"), padding: parts.get("p")};
  if (!fits(state.x) || !fits(state.kernel)) return null;
  if (!(state.stride >= 1 && state.stride <= MOST.stride)) return null;
  if (!["valid", "same"].includes(state.padding)) return null;
  return {state, steps: Math.min(whole("t") || 0, state.x.flat().length)};
}

const ones = side => Array.from({length: side}, () => Array(side).fill(1));
const counting = side => ones(side).map((row, r) => row.map((_, c) => r * side + c));

const EXAMPLES = [
  {name: "3 × 3, stride 2, kernel 3, valid",
    state: {x: counting(3), kernel: ones(3), stride: 2, padding: "valid"}},
  {name: "3 × 3, stride 2, kernel 3, same",
    state: {x: counting(3), kernel: ones(3), stride: 2, padding: "same"}},
  {name: "4 × 4, stride 2, kernel 3, valid: 9 × 9",
    state: {x: counting(4), kernel: ones(3), stride: 2, padding: "valid"}},
  {name: "4 × 4, stride 2, kernel 3, same: 8 × 8",
    state: {x: counting(4), kernel: ones(3), stride: 2, padding: "same"}},
  {name: "2 × 2, stride 1, kernel 2",
    state: {x: [[1, 2], [3, 4]], kernel: ones(2), stride: 1, padding: "valid"}},
  {name: "2 × 2, stride 2, kernel 2: no overlap",
    state: {x: [[1, 2], [3, 4]], kernel: ones(2), stride: 2, padding: "valid"}},
  {name: "the question: kernel of 1, −1 and 0, stride 1",
    state: {
      x: [[1, 2, 1], [0, 1, 0], [1, -1, 1]], kernel: [[1, 1, 1], [-1, -1, -1], [0, 0, 0]],
      stride: 1, padding: "valid",
    }},
  {name: "kernel smaller than the stride: gaps",
    state: {x: counting(3), kernel: ones(2), stride: 3, padding: "valid"}},
];

// ---- Screen ---------------------------------------------------------------------------------

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

// Set or, with null, take away; nothing is written that is there already.
function mark(element, name, value) {
  if (value === null || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

function write(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

const ICONS = {
  first: "M5 4v16M19 5v14l-11-7z", back: "M16 5v14l-11-7z", play: "M7 4v16l13-8z",
  pause: "M7 4h4v16h-4zM14 4h4v16h-4z", next: "M8 5v14l11-7z", last: "M19 4v16M5 5v14l11-7z",
};

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

// Numbers that a larger input or kernel gets where nothing was before.
const remembered = (rows, filler) => Array.from({length: MOST.side}, (_, r) =>
  Array.from({length: MOST.side}, (_, c) => rows[r]?.[c] ?? filler(r, c)));
const part = (memory, h, w) => memory.slice(0, h).map(row => row.slice(0, w));

// Turn a box with a static strip of frames into a stepper.
function build(host, spec, css) {
  const root = host.attachShadow({mode: "open"});
  const given = {x: spec.x, kernel: spec.kernel, stride: spec.stride, padding: spec.padding};
  const alike = (a, b) => JSON.stringify(a) === JSON.stringify(b);
  const examples = EXAMPLES.some(({state}) => alike(state, given))
    ? EXAMPLES : [{name: "as given", state: given}, ...EXAMPLES];

  // The numbers of the largest input and kernel so far are kept when the size shrinks.
  let memory, state, steps, playing = null, editing = false, undone = [];

  function take(fresh, at) {
    state = JSON.parse(JSON.stringify(fresh));
    memory = {
      x: remembered(state.x, (r, c) => (3 * r + 2 * c + 1) % 10),
      kernel: remembered(state.kernel, () => 1),
    };
    steps = Math.min(at, count());
  }
  const count = () => state.x.length * state.x[0].length;

  // Every change of numbers or settings goes through here, so each can be undone.
  function change(action) {
    const before = JSON.stringify({memory, state, steps});
    const at = steps ? windowAt(state, steps - 1) : null;
    action();
    if (alike(JSON.parse(before), {memory, state, steps})) return;
    undone.push(before);
    if (undone.length > 200) undone.shift();
    // Stay at the same input value where it is still there.
    if (at) {
      const [i, j] = [Math.min(at.i, state.x.length - 1), Math.min(at.j, state.x[0].length - 1)];
      steps = i * state.x[0].length + j + 1;
    }
    go(steps);
  }

  function undo() {
    if (!undone.length) return;
    ({memory, state, steps} = JSON.parse(undone.pop()));
    halt();
    draw();
    say("Undone. " + said());
  }

  function resize(which, h, w) {
    change(() => { state[which] = part(memory[which], h, w); });
  }

  function put(which, row, column, value) {
    change(() => { memory[which][row][column] = state[which][row][column] = value; });
  }

  function shuffle() {
    const random = (low, high) => low + Math.floor(Math.random() * (high - low + 1));
    change(() => {
      state.x = state.x.map(row => row.map(() => random(0, 9)));
      do state.kernel = state.kernel.map(row => row.map(() => random(-1, 2)));
      while (!state.kernel.flat().some(weight => weight));
      for (const which of ["x", "kernel"]) {
        state[which].forEach((row, r) => row.forEach((v, c) => { memory[which][r][c] = v; }));
      }
    });
  }

  // -- playing

  function halt() {
    clearTimeout(playing);
    playing = null;
  }

  function go(to) {
    halt();
    steps = Math.max(0, Math.min(to, count()));
    draw();
    say(said());
  }

  function pause() {
    if (playing) go(steps);
  }

  function play() {
    if (playing) return pause();
    if (steps === count()) steps = 0;
    const beat = () => {
      if (!host.isConnected) return halt();
      if (steps + 1 === count()) return go(count());
      steps += 1;
      playing = setTimeout(beat, 1400 / Number(speed.value));
      draw();
    };
    playing = setTimeout(beat, 200);
    draw();
  }

  function said() {
    const at = capital(stepWords(state, steps).join(" "));
    const words = `Step ${steps} of ${count()}. ${at.replace(/\.$/, "")}.`;
    const n = additions(state, steps).length;
    return n ? `${words} ${n} ${n === 1 ? "cell meets" : "cells meet"} an earlier window.` : words;
  }

  function say(words) {
    write(live, words);
  }

  // -- what stays on the screen

  const title = make("p", {class: "title"}, spec.title);
  const live = make("p", {class: "hidden", "aria-live": "polite"});
  const example = make("select", {onchange: () => {
    const chosen = examples[example.value];
    if (chosen) {
      change(() => take(chosen.state, steps ? 1 : 0));
      go(Math.min(1, steps));
    }
  }});
  const sizes = which => {
    const select = make("select", {onchange: () => resize(which, ...select.value.split("x"))});
    const sides = between([1, MOST.side]);
    const option = (h, w) => make("option", {value: `${h}x${w}`}, `${h} × ${w}`);
    const other = make("optgroup", {label: "not square"});
    for (const h of sides) for (const w of sides) if (h !== w) other.append(option(h, w));
    select.append(...sides.map(n => option(n, n)), other);
    return select;
  };
  const inputSize = sizes("x"), kernelSize = sizes("kernel");
  const choice = (name, values) => {
    // The name ties radio buttons together within this shadow root only.
    const radios = values.map(value => make("input", {
      type: "radio", name, value, onchange: () => change(() => { state[name] = value; }),
    }));
    const field = make("fieldset", {}, make("legend", {}, capital(name)), make("span",
      {class: "segments"}, ...radios.map((r, i) => make("label", {}, r,
        make("span", {}, String(values[i]))))));
    return {field, set: value => radios.forEach((r, i) => { r.checked = values[i] === value; })};
  };
  const stride = choice("stride", between([1, MOST.stride]));
  const padding = choice("padding", ["valid", "same"]);
  const fresh = make("button", {type: "button", onclick: shuffle,
    title: "New random numbers for input and kernel"}, "Random");
  const edit = make("button", {type: "button", onclick: () => {
    editing = !editing;
    draw();
  }, title: "While this is on, a click on a number of the input or kernel changes it"}, "Edit");
  const undoButton = make("button", {type: "button", onclick: undo}, "Undo");
  const note = make("p", {class: "note", role: "status"});

  const control = (name, label, action) =>
    make("button", {type: "button", class: `icon ${name}`, "aria-label": label, title: label,
      onclick: action}, icon(name));
  const buttons = {
    first: control("first", "First: the empty canvas (Home)", () => go(0)),
    back: control("back", "One step back (left arrow)", () => go(steps - 1)),
    play: control("play", "Play (space)", play),
    next: control("next", "One step forward (right arrow)", () => go(steps + 1)),
    last: control("last", "Last: the whole output (End)", () => go(count())),
  };
  const slider = make("input", {type: "range", min: 0, step: 1, "aria-label": "Step",
    oninput: () => go(Number(slider.value))});
  const speed = make("select", {"aria-label": "Speed"},
    ...[["0.5", "½ ×"], ["1", "1 ×"], ["2", "2 ×"], ["4", "4 ×"]].map(([value, words]) =>
      make("option", {value, selected: value === "1"}, words)));

  const counter = make("strong"), where = make("p", {class: "where"});
  const places = make("p", {class: "places"});
  const input = grid("input"), kernel = grid("kernel"), stamp = grid("product");
  const canvas = grid("canvas");
  const frame = make("div", {class: "frame", "aria-hidden": "true"});
  const kept = make("div", {class: "kept", "aria-hidden": "true"});
  const paper = make("div", {class: "paper"}, canvas.table, kept, frame);
  const scroller = make("div", {class: "scroller", role: "region"}, paper);
  const value = make("span", {class: "value"}), canvasTitle = make("span");
  const keys = ["window of this step", "overlap: old + new", "cut away"].map((words, i) =>
    make("span", {class: `key ${["new", "over", "cut"][i]}`}, words));
  const overlaps = make("div", {class: "overlaps"});
  const formulas = make("div", {class: "formulas"}), remarks = make("p", {class: "remarks"});
  const code = make("code"), copied = make("span", {role: "status"});
  const copy = make("button", {type: "button", onclick: async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      write(copied, "Copied.");
    } catch {
      // Pages from a file may not write to the clipboard: leave the code selected instead.
      getSelection().selectAllChildren(code);
      write(copied, "Selected: copy it with Ctrl+C.");
    }
  }}, "Copy");

  const label = (words, element) =>
    make("label", {class: "named"}, make("span", {}, words), element);
  const figure = (name, words, ...children) => make("div", {class: `figure ${name}`},
    make("p", {class: "caption"}, words), ...children);
  const section = make("section", {class: "stepper", tabindex: 0, role: "group",
    "aria-label": `${spec.title || "Stepper"}. Keys: space plays and pauses, left and right ` +
      "arrows step, Home and End go to the ends."},
    ...(spec.title ? [title] : []),
    make("div", {class: "settings"}, label("Example", example), label("Input", inputSize),
      label("Kernel", kernelSize), stride.field, padding.field,
      fresh, edit, undoButton),
    note,
    make("div", {class: "stage"},
      make("div", {class: "side"},
        make("div", {class: "now"}, figure("input", "Input", input.table),
          make("div", {class: "words"}, counter, where, places)),
        figure("step", "Value × kernel = product", make("div", {class: "equation"},
          make("span", {}, value, make("span", {class: "sign"}, "×"), kernel.table),
          make("span", {}, make("span", {class: "sign"}, "="), stamp.table)))),
      make("div", {class: "main"},
        make("div", {class: "transport"}, make("span", {class: "moves"}, ...Object.values(buttons)),
          slider, label("Speed", speed)),
        figure("canvas", canvasTitle, scroller,
          make("p", {class: "keys"}, ...keys))),
      overlaps),
    formulas, remarks,
    make("details", {}, make("summary", {}, "The same in Keras"), make("pre", {}, code),
      make("p", {}, copy, " ", copied)),
    live);
  root.append(make("style", {}, css), section);

  // -- tables of numbers; built anew only when their shape changes

  function grid(name) {
    return {name, table: make("table", {class: name}), cells: [], shape: ""};
  }

  function shapeTo(table, h, w, heads, content) {
    if (table.shape === `${h}x${w}`) return;
    table.shape = `${h}x${w}`;
    table.table.replaceChildren();
    const head = at => make("th", {scope: "col", "data-index": at}, String(at));
    if (heads) {
      table.top = between([0, w - 1]).map(head);
      table.table.append(make("thead", {}, make("tr", {}, make("td"), ...table.top)));
    }
    table.left = [];
    table.cells = between([0, h - 1]).map(row => between([0, w - 1]).map(column => {
      const cell = make("td", {"data-row": row, "data-column": column});
      content(cell, row, column);
      return cell;
    }));
    table.table.append(make("tbody", {}, ...table.cells.map((row, r) => {
      const left = make("th", {scope: "row", "data-index": r}, String(r));
      table.left.push(left);
      return make("tr", {}, ...(heads ? [left] : []), ...row);
    })));
  }

  // Cells of input and kernel are buttons; a typed digit turns one into a text field.
  function button(which) {
    return (cell, row, column) => {
      const act = () => {
        if (editing || which === "kernel") return type(cell, which, row, column);
        go(row * state.x[0].length + column + 1);
      };
      cell.append(make("button", {type: "button", onclick: act,
        ondblclick: () => type(cell, which, row, column),
        onkeydown: event => {
          if (event.ctrlKey || event.metaKey || event.altKey) return;
          if (!/^[-−+0-9]$/.test(event.key) && event.key !== "F2") return;
          event.preventDefault();
          type(cell, which, row, column, event.key === "F2" ? undefined : event.key);
        }}));
    };
  }

  function type(cell, which, row, column, start) {
    const button = cell.querySelector("button");
    if (cell.querySelector("input")) return;
    pause();
    write(note, "");
    let done = false;
    const finish = (keep, refocus) => {
      if (done) return;
      done = true;
      const number = parseNumber(field.value), text = field.value;
      button.hidden = false;
      field.remove();
      if (refocus) button.focus();
      if (!keep || text.trim() === "") return;
      if (number !== null) put(which, row, column, number);
      else {
        write(note, `“${text}” is not a whole number from −${MOST.number} to ` +
          `${MOST.number}: the ${show(state[which][row][column])} stays.`);
      }
    };
    const field = make("input", {type: "text", size: 3, maxlength: 4, enterkeyhint: "done",
      autocomplete: "off", "aria-label": `New value for ${which === "x" ? "input" : "kernel"} ` +
        `row ${row}, column ${column}`,
      onblur: () => finish(true, false),
      onkeydown: event => {
        if (event.key === "Enter") finish(true, true);
        if (event.key === "Escape") finish(false, true);
      }});
    field.value = start ?? String(state[which][row][column]);
    button.hidden = true;
    cell.append(field);
    field.focus();
    if (start === undefined) field.select();
  }

  function drawButtons(table, which, name) {
    const rows = state[which], now = steps ? windowAt(state, steps - 1) : null;
    shapeTo(table, rows.length, rows[0].length, which === "x", button(which));
    rows.forEach((row, r) => row.forEach((number, c) => {
      const cell = table.cells[r][c], button = cell.querySelector("button");
      const here = which === "x" && now && now.i === r && now.j === c;
      const done = which === "x" && r * row.length + c < steps;
      write(button, show(number));
      mark(cell, "data-value", number);
      mark(cell, "data-now", here);
      mark(cell, "data-done", done);
      mark(button, "aria-current", here ? "step" : null);
      mark(button, "aria-label", `${name} row ${r}, column ${c}: ${show(number)}`);
      mark(button, "title", which === "kernel" || editing ? "Click to change the number"
        : "Click: go to its window. Type a number to change it.");
    }));
  }

  function drawProduct() {
    const {kernel} = state, numbers = steps ? product(state, steps - 1) : null;
    shapeTo(stamp, kernel.length, kernel[0].length, false, () => {});
    stamp.cells.forEach((row, r) => row.forEach((cell, c) => {
      write(cell, numbers ? show(numbers[r][c]) : "");
      mark(cell, "data-value", numbers && String(numbers[r][c]));
    }));
    widen(stamp, numbers || kernel);
    const number = steps ? state.x.flat()[steps - 1] : null;
    write(value, number === null ? "–" : show(number));
    mark(value, "data-value", number === null ? null : String(number));
  }

  // Cells as wide as the longest number needs.
  function widen(table, rows) {
    const most = Math.max(...rows.flat().map(value => String(value).length));
    table.table.style.minWidth = `${rows[0].length * (9 * most + 5)}px`;
  }

  function drawCanvas(size) {
    const {rows, columns} = geometry(state), {sum, count: reached} = total(state, steps);
    const now = steps ? windowAt(state, steps - 1) : null;
    const met = new Map(additions(state, steps).map(cell => [`${cell.row},${cell.column}`, cell]));
    const within = (at, [first, last]) => at >= first && at <= last;
    shapeTo(canvas, rows.canvas, columns.canvas, true, cell => {
      cell.append(make("span", {class: "sum"}), make("small"));
    });
    canvas.top.forEach((head, at) => {
      mark(head, "data-cut", isCut(columns, at));
      mark(head, "data-now", Boolean(now && within(at, now.columns)));
    });
    canvas.left.forEach((head, at) => {
      mark(head, "data-cut", isCut(rows, at));
      mark(head, "data-now", Boolean(now && within(at, now.rows)));
    });
    canvas.cells.forEach((line, row) => line.forEach((cell, column) => {
      const [main, small] = cell.children, over = met.get(`${row},${column}`);
      const sign = over?.added < 0 ? "−" : "+";
      const words = over ? show(over.old) + sign + Math.abs(over.added) : "";
      write(main, show(sum[row][column]));
      write(small, size >= 34 && words.length * 5.4 <= size - 2 ? words : "");
      mark(cell, "data-value", sum[row][column]);
      mark(cell, "data-long", String(sum[row][column]).length > 3);
      mark(cell, "data-cut", isCut(rows, row) || isCut(columns, column));
      mark(cell, "data-new", Boolean(now && within(row, now.rows) && within(column, now.columns)));
      mark(cell, "data-over", Boolean(over));
      mark(cell, "data-reached", reached[row][column] || null);
    }));
    const place = (box, top, left, height, width) => {
      const css = {top, left, height, width};
      for (const name in css) box.style[name] = `calc(var(--head) * ${+/top|left/.test(name)} + ` +
        `var(--cell) * ${css[name]})`;
    };
    frame.hidden = !now;
    if (now) place(frame, now.rows[0], now.columns[0], rows.kernel, columns.kernel);
    kept.hidden = !cutAway(rows).length && !cutAway(columns).length;
    place(kept, rows.before, columns.before, rows.length, columns.length);
    keys[2].hidden = kept.hidden;
    const across = `${rows.canvas} × ${columns.canvas}`;
    write(canvasTitle, kept.hidden ? `Output so far, ${across}`
      : `Canvas so far, ${across}; output (framed), ${rows.length} × ${columns.length}`);
    mark(scroller, "aria-label", canvasTitle.textContent);
    mark(scroller, "tabindex", overflows() ? "0" : null); // so that keys can scroll it
  }

  function drawWords() {
    const {rows, columns} = geometry(state), now = steps ? windowAt(state, steps - 1) : null;
    write(counter, `Step ${steps} of ${count()}`);
    where.replaceChildren(...stepWords(state, steps).flatMap(words =>
      [make("span", {}, words), " "]));
    places.replaceChildren(...(now ? [
      placeWords("row", now.i, rows), make("br"), placeWords("column", now.j, columns),
    ] : ["Press play, or step with → and ←."]));
    const cells = additions(state, steps);
    overlaps.replaceChildren(make("p", {class: "caption"}, !now ? "Each window that is pasted "
      + "is added to what is there." : cells.length
      ? "Where this window meets earlier ones, (row, column): old + new = sum"
      : "This window meets no earlier one: its numbers go into empty cells."),
      make("ul", {}, ...cells.map(({row, column, old, added, sum}) => make("li", {},
        make("span", {class: "at"}, `(${row}, ${column}): `),
        `${show(old)} + ${bracketed(added)} = `, make("b", {}, show(sum))))));
    formulas.replaceChildren(...formulaWords(state).map(line => make("p", {}, line)));
    write(remarks, `${cutWords(state)} ${gapWords(state)}`.trim());
    write(code, kerasCode(state));
    write(copied, "");
  }

  function drawControls() {
    const own = !examples.some(({state: s}) => alike(s, state));
    if (example.length !== examples.length + own) {
      example.replaceChildren(...(own ? [make("option", {value: "own"}, "own numbers")] : []),
        ...examples.map(({name}, i) => make("option", {value: i}, name)));
    }
    example.value = own ? "own" : String(examples.findIndex(({state: s}) => alike(s, state)));
    inputSize.value = `${state.x.length}x${state.x[0].length}`;
    kernelSize.value = `${state.kernel.length}x${state.kernel[0].length}`;
    stride.set(state.stride);
    padding.set(state.padding);
    slider.max = count();
    slider.value = steps;
    slider.setAttribute("aria-valuetext", `${steps} of ${count()}`);
    for (const [name, off] of [["first", steps === 0], ["back", steps === 0],
      ["next", steps === count()], ["last", steps === count()]]) {
      mark(buttons[name], "aria-disabled", off ? "true" : null);
    }
    const doing = playing ? "pause" : "play";
    if (buttons.play.dataset.icon !== doing) {
      buttons.play.dataset.icon = doing;
      buttons.play.replaceChildren(icon(doing));
      for (const name of ["title", "aria-label"]) {
        buttons.play.setAttribute(name, `${capital(doing)} (space)`);
      }
    }
    mark(edit, "aria-pressed", String(editing));
    mark(section, "data-editing", editing);
    mark(undoButton, "aria-disabled", undone.length ? null : "true");
  }

  // As large as there is room for, within limits; small screens scroll a wide canvas.
  function fit() {
    const {columns} = geometry(state), width = scroller.clientWidth || 400;
    const least = Math.max(24, 6 * longest(state) + 3);
    const cell = Math.max(least, Math.min(54, Math.floor((width - 27) / columns.canvas)));
    section.style.setProperty("--cell", `${cell}px`);
    const side = section.querySelector(".side").clientWidth || 320;
    const small = Math.floor((side - 96) / (2 * columns.kernel));
    section.style.setProperty("--small", `${Math.max(24, Math.min(36, small))}px`);
    return cell;
  }

  function draw() {
    // The page around may be dark: its text is light then.
    const [r, g, b] = (getComputedStyle(host).color.match(/[\d.]+/g) || [0, 0, 0]).map(Number);
    mark(section, "data-dark", 0.3 * r + 0.6 * g + 0.1 * b > 128);
    drawControls();
    drawButtons(input, "x", "input");
    drawButtons(kernel, "kernel", "kernel");
    widen(kernel, state.kernel);
    drawProduct();
    drawCanvas(fit());
    drawWords();
    reveal();
    if (spec.page) remember();
  }

  function overflows() {
    return scroller.scrollWidth > scroller.clientWidth;
  }

  // Scroll the canvas, never the page, to the window.
  function reveal() {
    if (frame.hidden || !overflows()) return;
    const {left, right} = frame.getBoundingClientRect(), box = scroller.getBoundingClientRect();
    const head = canvas.left[0].offsetWidth + 4;
    if (left < box.left + head) scroller.scrollLeft -= box.left + head - left;
    else if (right > box.right - 4) scroller.scrollLeft += right - box.right + 4;
  }

  // -- a page's address holds its state, so that a link shows the same numbers

  function remember() {
    const address = "#" + toAddress(state, steps);
    if (!location.hash && address === untouched) return;
    try {
      if (location.hash !== address) history.replaceState(null, "", address);
    } catch { /* a page in a frame may not */ }
  }

  function recall() {
    const found = fromAddress(location.hash);
    if (found) take(found.state, found.steps);
    return Boolean(found);
  }

  // -- keys

  function press(event) {
    const target = event.target, key = event.key, kind = target.type;
    const typing = kind === "text", command = event.ctrlKey || event.metaKey;
    if (command && key.toLowerCase() === "z" && !typing) {
      event.preventDefault();
      event.stopPropagation();
      return undo();
    }
    if (command || event.altKey || target.tagName === "SELECT" || typing) {
      return event.stopPropagation();
    }
    const moves = {ArrowLeft: steps - 1, ArrowRight: steps + 1, Home: 0, End: count()};
    const ownArrows = kind === "radio" || kind === "range" ||
      target === scroller;
    if (key in moves && !ownArrows) go(moves[key]);
    else if (key === " " && plays(target)) play();
    else {
      if (key in moves || key === " " || key === "Enter") event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  // On other buttons and on "The same in Keras" the space bar does what it does everywhere.
  function plays(target) {
    if (target.tagName === "SUMMARY" || target.type === "radio") return false;
    return target.type !== "button" || target === buttons.play || target.closest("td") !== null;
  }

  section.addEventListener("keydown", press);
  section.addEventListener("keyup", event => {
    if (event.key === " " && event.target.type === "button" && plays(event.target)) {
      event.preventDefault(); // some browsers click a button when the space bar comes up
    }
  });

  take(given, spec.step);
  const untouched = "#" + toAddress(state, steps);
  if (spec.page) {
    recall();
    addEventListener("hashchange", () => {
      root.activeElement?.blur(); // a number that is being typed ends here
      if (recall()) go(steps);
    });
    document.addEventListener("keydown", event => {
      if (event.target === document.body && /^Arrow(Left|Right)$/.test(event.key)) press(event);
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
  let width = 0;
  new ResizeObserver(() => {
    if (section.clientWidth === width) return;
    width = section.clientWidth;
    draw();
  }).observe(section);
}

// A page can hold the same output twice, so this looks for boxes that are not built yet.
function upgrade(name, spec, css) {
  for (const box of document.querySelectorAll(`.${name}:not([data-stepper])`)) {
    box.dataset.stepper = "yes";
    build(box, spec, css);
  }
}
